// Runs before each test file, as a setup file of vitest.
import { afterAll } from 'vitest'
import { cleanUp } from './cleanups.ts'

afterAll(cleanUp)
