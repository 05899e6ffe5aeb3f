// Limits on the writes of clients and bound administrators, besides quotas: stored rows, rules that
// every follower keeps, and audit events. Each client and each workspace has its own count.
import { DAY_SECONDS, WRITE_BOUNDS, WRITE_COSTS } from '../constants.ts'
import type { Deps } from '../deps.ts'

/** Null: the write belongs to no client, or to no workspace. The other one alone counts it. */
export type Writer = { clientId: string | null; workspaceId: string | null }

/**
 * Counts a write against the limits of its client and its workspace.
 * @returns 0, or the seconds after which the client can repeat the request
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
