// Counts of rows that still work, for the effects of a change.

/** Rows that still work at a time. */
export type Usable = {
  /** Clients that may log in. */
  clients: number
  secrets: number
  enrollments: number
}

export interface UsableStore {
  /** Counts clients that may log in, and secrets and enrollments that have not ended. */
  countUsable(now: number): Promise<Usable>
  /** Counts the stored rules of the revocation list. */
  countRules(): Promise<number>
  /** Finds the ids of the clients of a workspace or a plugin, without those of deleted clients. */
  findClientIds(
    filter:
      { workspaceId: string; pluginId?: undefined } | { pluginId: string; workspaceId?: undefined },
  ): Promise<string[]>
}
