// Access of a command to the operations. The code that opens a database is loaded once a command needs it.
import type { Perform } from '../admin/api/actions.ts'
import type { AdminCall } from '../admin/operation.ts'

/** Performs one action. @throws OperationRefused, Conflict, Unavailable */
export const perform: Perform = (action, input) => withSession((session) => session(action, input))

/** Performs several actions over one connection to the database. */
export const withSession = async <T>(steps: (perform: Perform) => Promise<T>): Promise<T> => {
  const { performOn, withDatabase } = await import('./local.ts')
  return await withDatabase((call) => steps(performOn(call)))
}

/** Runs an operation on the configured database. For commands without an action; the others call `perform`. */
export const withAdmin = async <T>(
  operation: (call: AdminCall) => Promise<T>,
  options: { create?: boolean } = {},
): Promise<T> => (await import('./local.ts')).withDatabase(operation, options)
