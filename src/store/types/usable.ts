// Rows that still work, for the effects of a change.

/** Ids of rows that still work at a time. */
export type Usable = {
  /** Clients that may log in. */
  clients: readonly string[]
  secrets: readonly string[]
  /** Enrollments that registration accepts. */
  enrollments: readonly string[]
}

export interface UsableStore {
  /**
   * Finds clients that may log in, secrets that have not ended, and enrollments that can be used.
   * @param workspaceId leaves out the rows of other workspaces; null: finds those of all
   */
  findUsable(now: number, workspaceId: string | null): Promise<Usable>
  /** Counts the stored rules of the revocation list. */
  countRules(): Promise<number>
  /** Finds the ids of the clients of a workspace or a plugin, without those of deleted clients. */
  findClientIds(
    filter:
      { workspaceId: string; pluginId?: undefined } | { pluginId: string; workspaceId?: undefined },
  ): Promise<string[]>
}
