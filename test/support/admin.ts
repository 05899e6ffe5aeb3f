import { SHELL } from '../../src/admin/authority.ts'
import type { AdminCall } from '../../src/admin/operation.ts'
import type { TestServer } from './server.ts'

/** Administration with the database and the clock of the server under test. */
export const adminOf = ({ deps }: TestServer): AdminCall => ({
  deps,
  as: { actor: 'test' },
  authority: SHELL,
  reauthorize: async () => SHELL,
  ifMatch: null,
})
