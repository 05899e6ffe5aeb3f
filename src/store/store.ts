// The seam between the product and its database, composed of one interface for each noun. Each verb is atomic on
// every driver, returns rows of our own types and throws our own errors (`Conflict`, `Unavailable`,
// `OperationRefused`). The interface has no transaction(): D1 has none (docs/decisions/0005).
//
// Code above the store imports all types from here; `types/` is for the drivers.
import type { AudienceStore, NewAudience } from './types/audiences.ts'
import type { AuditStore } from './types/audit.ts'
import type { ClientStore, NewClient } from './types/clients.ts'
import type { ClockStore } from './types/clock.ts'
import type { EnrollmentStore } from './types/enrollments.ts'
import type { KeyCandidate, KeyStore } from './types/keys.ts'
import type { PluginStore } from './types/plugins.ts'
import type { ResourceStore } from './types/resources.ts'
import type { RevocationStore } from './types/revocations.ts'
import type { RunStore } from './types/runs.ts'
import type { SecretStore } from './types/secrets.ts'
import type { TokenStore } from './types/tokens.ts'
import type { UsableStore } from './types/usable.ts'
import type { NewWorkspace, WorkspaceStore } from './types/workspaces.ts'

export type * from './types/audiences.ts'
export type * from './types/audit.ts'
export type * from './types/clients.ts'
export type * from './types/clock.ts'
export type * from './types/enrollments.ts'
export type * from './types/keys.ts'
export type * from './types/lists.ts'
export type * from './types/plugins.ts'
export type * from './types/resources.ts'
export type * from './types/revocations.ts'
export type * from './types/runs.ts'
export type * from './types/secrets.ts'
export type * from './types/tokens.ts'
export type * from './types/usable.ts'
export type * from './types/workspaces.ts'

/** The first rows of an empty database. */
export type Seed = {
  keys: KeyCandidate[]
  workspace: NewWorkspace
  /** Reference of clients outside every workspace. */
  noWorkspaceRef: string
  audiences: NewAudience[]
  administrator: NewClient | null
}

export interface LifecycleStore {
  /** True once `bootstrap` has written something. */
  isInitialized(): Promise<boolean>
  /**
   * Fills an empty database in one step, and leaves any other unchanged. `beforeCommit` runs when only the commit is
   * left to do; an error that it throws undoes the step.
   * @returns true where this call filled the database
   */
  bootstrap(seed: Seed, now: number, beforeCommit: () => void): Promise<boolean>
  /** @throws Unavailable where the database does not answer */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface Store
  extends
    LifecycleStore,
    TokenStore,
    KeyStore,
    RevocationStore,
    RunStore,
    WorkspaceStore,
    AudienceStore,
    PluginStore,
    ResourceStore,
    ClientStore,
    EnrollmentStore,
    SecretStore,
    ClockStore,
    UsableStore,
    AuditStore {}
