// Propagation of revocations. This suite prints the figures of the documentation.
import { describe } from 'vitest'
import { arrivals } from './e2e/arrivals.ts'
import { scale } from './e2e/scale.ts'

describe('revocation in real servers and followers', arrivals)
scale()
