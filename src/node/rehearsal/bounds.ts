// Bounds on the dry runs of a server: one at a time in each process, and a share of the write lock for all processes.
// Bound administrators share theirs, and unbound ones have their own: an administrator of one workspace cannot take the
// dry runs of the operators.
import type { Order, Rehearse } from '../../admin/rehearsal.ts'
import { DRY_RUN_LOCKS, MIN_DRY_RUN_LOCK_MS } from '../../constants.ts'
import type { Deps } from '../../deps.ts'
import { RefusedForNow } from '../../errors.ts'
import type { Run } from './thread-client.ts'

/** Key of the count. Those of clients and workspaces begin with `client:` and `workspace:`. */
const partyOf = ({ authority }: Order): string =>
  authority.workspaceId === null ? 'dry-runs:unbound' : 'dry-runs:bound'

/**
 * Counts milliseconds of the write lock. A dry run begins while the count is below the limit, so it can exceed the limit
 * once in each process.
 */
export const createBoundedRehearse = ({
  run,
  writes,
}: Pick<Deps, 'writes'> & { run: Run }): Rehearse => {
  const busy = new Set<string>()

  const counted: Rehearse = async (order, signal) => {
    let heldMs = MIN_DRY_RUN_LOCK_MS
    const onHeld = (ms: number): void => {
      heldMs += ms
    }
    try {
      return await run(order, { signal, onHeld })
    } finally {
      await writes(partyOf(order), DRY_RUN_LOCKS, Math.ceil(heldMs))
    }
  }

  return async (order, signal) => {
    const party = partyOf(order)
    if (busy.has(party)) {
      const reason = 'the server makes another dry run'
      throw new RefusedForNow('dry_runs_exceeded', { waitSeconds: 1, reason })
    }
    busy.add(party)
    try {
      const waitSeconds = await writes(party, DRY_RUN_LOCKS, 0)
      if (waitSeconds > 0) {
        const reason = 'dry runs have delayed other changes enough'
        throw new RefusedForNow('dry_runs_exceeded', { waitSeconds, reason })
      }
      return await counted(order, signal)
    } finally {
      busy.delete(party)
    }
  }
}
