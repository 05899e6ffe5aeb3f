import { randomBytes } from 'node:crypto'
import type { Admin } from '../../src/admin/operation.ts'
import { KEK } from './keys.ts'
import type { TestServer } from './server.ts'

/** Administration over the same database and clock as the server under test. */
export const adminOf = ({ deps }: TestServer): Admin => ({
  deps: { ...deps, random: randomBytes, kek: KEK, algorithms: ['RS256'] },
  as: { actor: 'test' },
})
