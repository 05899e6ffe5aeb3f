// The operations on the configured database, in this process.
import { randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import { type Perform, endpointOf } from '../admin/api/actions.ts'
import { SHELL } from '../admin/authority.ts'
import type { AdminCall } from '../admin/operation.ts'
import { loadConfig } from '../config.ts'
import { assembleDeps } from '../deps.ts'
import { newJti } from '../secret.ts'
import { createLedgerWriter, ledgerPath } from '../node/ledger/writer.ts'
import { createLedger } from '../node/ledger/queue.ts'
import { createCommandLog } from '../node/logger.ts'
import { openLatchkey } from '../node/open.ts'
import { readStorage } from '../node/storage.ts'
import { pathOf } from './path-ids.ts'
import { createProgress } from './progress.ts'
import { canAsk, safety } from './safety.ts'

/** Performs actions within `withDatabase`. */
export const performOn =
  (call: AdminCall): Perform =>
  async (action, input, { ifMatch } = {}) => {
    pathOf(action, input)
    const { handle } = await endpointOf(action)
    const precondition =
      ifMatch === undefined ? null : { sent: ifMatch, matches: (etag: string) => etag === ifMatch }
    const sent = { query: {}, body: {}, ...input }
    // Lines of an export and the progress would mix on one terminal.
    const isMixed = action === 'audit.export' && process.stdout.isTTY
    const onProgress = isMixed ? undefined : call.onProgress
    return (await handle({ ...call, ifMatch: precondition, onProgress }, sent as never)) as never
  }

/** Opens the configured database, runs an operation on it, and closes it. */
export const withDatabase = async <T>(
  operation: (call: AdminCall) => Promise<T>,
  { create = false }: { create?: boolean } = {},
): Promise<T> => {
  const config = loadConfig(process.env)
  const log = createCommandLog()
  const actor = `cli:${userName()}`
  const clock = () => Date.now()
  const progress = createProgress(process.stderr)
  const call = {
    // A request id of its own distinguishes the command's audit rows from those of the next one.
    as: { actor, requestId: newJti(randomBytes) },
    authority: SHELL,
    reauthorize: async () => SHELL,
    ifMatch: null,
    onProgress: progress.onProgress,
  }
  const stage = { config, clock, log, call }
  // Most commands need none of these files.
  const loadConsent = () => import('./consent.ts')
  if (safety().isDryRun) return await (await loadConsent()).dryRun(operation, stage)
  const host = { readStorage: () => readStorage(config), server: null }
  const opened = await openLatchkey({ config, clock, log, actor, create })
  const ledger = createLedger({
    writer: createLedgerWriter({ path: ledgerPath(config), clock, log }),
    log,
  })
  try {
    const { asks, isDeletion } = safety()
    if (asks && canAsk()) await (await loadConsent()).askBefore(operation, stage, { isDeletion })
    return await operation({
      ...call,
      deps: assembleDeps({
        opened,
        settings: config,
        platform: { log, clock, ledger, metrics: null, host },
      }),
    })
  } finally {
    progress.clear()
    await ledger.close()
    await opened.store.close()
  }
}

const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown') // a container's user has no name
  }
}
