// Access of a command to the operations: on the database of this machine, or on a remote server. The code of each is
// loaded once a command needs it.
import type { Perform } from '../admin/api/actions.ts'
import type { AdminCall } from '../admin/operation.ts'
import { StartRefused } from '../errors.ts'
import { remoteServer } from './remote/choice.ts'
import { canAsk, safety } from './safety.ts'

/** Performs one action. @throws OperationRefused, Conflict, Unavailable, RemoteFailed */
export const perform: Perform = (action, input, options) =>
  withSession((session) => session(action, input, options))

/** Performs several actions over one connection to the database or to the server. */
export const withSession = async <T>(steps: (perform: Perform) => Promise<T>): Promise<T> => {
  const server = remoteServer(process.env)
  if (server !== null) {
    await requireConsent(server.origin)
    return await (await import('./remote/perform.ts')).withServer(server, steps)
  }
  const { performOn, withDatabase } = await import('./local.ts')
  return await withDatabase((call) => steps(performOn(call)))
}

/** A rehearsal runs on the database itself, so that a remote server has none, and tells no effects beforehand. */
const requireConsent = async (origin: string): Promise<void> => {
  if (safety().isDryRun) throw new StartRefused(`--dry-run ${ON_ITS_MACHINE}`)
  if (!safety().asks || !canAsk()) return
  const { confirm } = await import('./question.ts')
  await confirm(`This can end clients, secrets, keys or tokens of ${origin}.`)
}

const ON_ITS_MACHINE =
  'works on the machine of the server alone: run the command there, with --profile local'

/** True for a command that administers a remote server. */
export const isRemote = (): boolean => remoteServer(process.env) !== null

/** @throws StartRefused for a command that administers a remote server */
export const requireLocal = (): void => {
  if (isRemote()) throw new StartRefused(`this command ${ON_ITS_MACHINE}`)
}

/**
 * Runs an operation on the database of this machine. For commands without an action; the others call `perform`.
 * @throws StartRefused for a command that administers a remote server
 */
export const withAdmin = async <T>(
  operation: (call: AdminCall) => Promise<T>,
  options: { create?: boolean } = {},
): Promise<T> => {
  requireLocal()
  return await (await import('./local.ts')).withDatabase(operation, options)
}
