// Revocation that arrives. The figures that the documentation names are printed here.
import { describe } from 'vitest'
import { arrivals } from './e2e/arrivals.ts'
import { attacks, quietHour } from './e2e/attacks.ts'
import { scale } from './e2e/scale.ts'

describe('real servers, real followers', arrivals)
attacks()
quietHour()
scale()
