// Setup file of vitest, which runs before each test file and registers its cleanups.
import { afterAll } from 'vitest'
import { cleanUp } from './cleanups.ts'

afterAll(cleanUp)
