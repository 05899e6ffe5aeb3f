// Runs that are closed.
import type { Cause } from './audit.ts'
import type { Part, Position } from './lists.ts'

/** Execution of an agent, identified by both members. `workspaceId` is null outside every workspace. */
export type Run = { workspaceId: string | null; identifier: string }

/** A run for which the server issues no more tokens, for good. `id` is its `namedRunValue`. */
export type ClosedRun = Run & Position

export interface RunStore {
  /**
   * Closes a run for good and revokes its tokens. Closing it again changes nothing.
   * @throws OperationRefused `unknown_reference` where there is no such workspace, `too_many_runs`
   */
  closeRun(run: Run, now: number, cause?: Cause): Promise<void>
  /** True if one of these values (`namedRunValue`) belongs to a closed run. Always reads the database. */
  isRunClosed(values: readonly string[]): Promise<boolean>
  findClosedRun(run: Run): Promise<ClosedRun | null>
  listClosedRuns(filter?: { workspaceId?: string | undefined }, part?: Part): Promise<ClosedRun[]>
}
