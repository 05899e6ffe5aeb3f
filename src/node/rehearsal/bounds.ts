// Bounds on the dry runs of a server: one at a time in each process, and a share of the write lock for all processes.
import type { Rehearse } from '../../admin/rehearsal.ts'
import { DRY_RUN_LOCKS, MIN_DRY_RUN_LOCK_MS } from '../../constants.ts'
import type { Deps } from '../../deps.ts'
import { RefusedForNow } from '../../errors.ts'
import type { Run } from './thread-client.ts'

/** Key of the count. Those of clients and workspaces begin with `client:` and `workspace:`. */
const KEY = 'dry-runs'

/**
 * Counts milliseconds of the write lock. A dry run begins while the count is below the limit, so it can exceed the limit
 * once in each process.
 */
export const createBoundedRehearse = ({
  run,
  writes,
}: Pick<Deps, 'writes'> & { run: Run }): Rehearse => {
  let isBusy = false

  const counted: Rehearse = async (order, signal) => {
    let heldMs = MIN_DRY_RUN_LOCK_MS
    const onHeld = (ms: number): void => {
      heldMs += ms
    }
    try {
      return await run(order, { signal, onHeld })
    } finally {
      await writes(KEY, DRY_RUN_LOCKS, Math.ceil(heldMs))
    }
  }

  return async (order, signal) => {
    if (isBusy) {
      const reason = 'the server makes another dry run'
      throw new RefusedForNow('dry_runs_exceeded', { waitSeconds: 1, reason })
    }
    isBusy = true
    try {
      const waitSeconds = await writes(KEY, DRY_RUN_LOCKS, 0)
      if (waitSeconds > 0) {
        const reason = 'dry runs have delayed other changes enough'
        throw new RefusedForNow('dry_runs_exceeded', { waitSeconds, reason })
      }
      return await counted(order, signal)
    } finally {
      isBusy = false
    }
  }
}
