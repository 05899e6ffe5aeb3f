// Bounds on what clients and bound administrators write, beside any quota: rows that are kept, rules that every
// follower carries, audit events. Counted by client and by workspace.
import { DAY_SECONDS, WRITE_BOUNDS, WRITE_COSTS } from '../constants.ts'
import type { Deps } from '../deps.ts'

/** Null: nobody in particular, or no workspace; then only the other one counts. */
export type Writer = { clientId: string | null; workspaceId: string | null }

/**
 * Counts one write against the bounds of its client and its workspace.
 * @returns 0, or the seconds to wait before it may be tried again
 */
export const waitForWrite = async (
  { clientId, workspaceId }: Writer,
  kind: keyof typeof WRITE_COSTS,
  { writes }: Pick<Deps, 'writes'>,
): Promise<number> => {
  const keys = [
    ['client', clientId],
    ['workspace', workspaceId],
  ] as const
  for (const [scope, id] of keys) {
    if (id === null) continue
    const { perMinute, perDay } = WRITE_BOUNDS[scope]
    const windows = [
      { seconds: 60, limit: perMinute },
      { seconds: DAY_SECONDS, limit: perDay },
    ]
    for (const window of windows) {
      const waitSeconds = await writes(`${scope}:${id}`, window, WRITE_COSTS[kind])
      if (waitSeconds > 0) return waitSeconds
    }
  }
  return 0
}
