// Enrollments: single-use credentials, each of which becomes a client.
import type { Grant, NewClient } from './clients.ts'
import type { Part } from './lists.ts'
import type { AuthorizationDetail } from './resources.ts'

/** A single-use credential that becomes a client. */
export type Enrollment = {
  id: string
  name: string
  workspaceId: string
  plugins: string[]
  grants: Grant[]
  details: AuthorizationDetail[]
  /** `unusedAfter` of the client that it becomes, in seconds; null: the client stays. */
  unusedAfter: number | null
  createdAt: number
  expiresAt: number
  usedAt: number | null
  revokedAt: number | null
  clientId: string | null
  /** The administrator's client; null: a person with a shell on the server made it. */
  createdBy: string | null
  /** The generation of `createdBy` when it made the enrollment. */
  createdByGeneration: number | null
}

export type NewEnrollment = Omit<Enrollment, 'createdAt' | 'usedAt' | 'revokedAt' | 'clientId'> & {
  hash: string
}

export interface EnrollmentStore {
  createEnrollment(enrollment: NewEnrollment, now: number): Promise<void>
  listEnrollments(filter?: { workspaceId?: string | undefined }, part?: Part): Promise<Enrollment[]>
  findEnrollment(id: string): Promise<Enrollment | null>
  findEnrollmentByHash(hash: string): Promise<Enrollment | null>
  /**
   * Ends an open enrollment.
   * @throws Conflict where it has been used or revoked
   */
  revokeEnrollment(id: string, now: number): Promise<void>
  /**
   * Uses up an enrollment and creates its client, in one step.
   * @throws Conflict where it has been used or revoked, has expired, or its maker has lost something since
   */
  consumeEnrollment(id: string, client: NewClient, now: number): Promise<void>
  /** Deletes enrollments that expired before this time. */
  pruneEnrollments(endedBefore: number): Promise<void>
}
