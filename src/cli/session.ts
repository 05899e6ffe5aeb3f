// Access of a command to the operations: on the database of this machine, or on a remote server. The code of each is
// loaded once a command needs it.
import type { Perform } from '../admin/api/actions.ts'
import type { AdminCall } from '../admin/operation.ts'
import { StartRefused } from '../errors.ts'
import { type RemoteServer, remoteServer } from './remote/choice.ts'
import { canAsk, safety } from './safety.ts'

/** Performs one action. @throws OperationRefused, Conflict, Unavailable, RemoteFailed */
export const perform: Perform = (action, input, options) =>
  withSession((session) => session(action, input, options))

/** Performs several actions over one connection to the database or to the server. */
export const withSession = async <T>(steps: (perform: Perform) => Promise<T>): Promise<T> => {
  const server = remoteServer(process.env)
  if (server !== null) {
    const { withServer } = await import('./remote/perform.ts')
    return await withServer(server, (sent) => consented(steps, sent, server))
  }
  const { performOn, withDatabase } = await import('./local.ts')
  return await withDatabase((call) => steps(performOn(call)))
}

/** Rehearses the steps on a remote server, for a dry run or before a question, and performs them. */
const consented = async <T>(
  steps: (perform: Perform) => Promise<T>,
  sent: Perform,
  { origin }: RemoteServer,
): Promise<T> => {
  const { isDryRun, asks, isDeletion } = safety()
  if (isDryRun) return await (await import('./remote/consent.ts')).dryRunThere(steps, sent)
  if (asks && canAsk()) {
    await (await import('./remote/consent.ts')).askBeforeThere(steps, sent, { origin, isDeletion })
  }
  return await steps(sent)
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
