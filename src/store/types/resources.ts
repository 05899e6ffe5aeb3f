// Resources: the targets of authorization details (RFC 9396).
import type { Cause } from './audit.ts'
import type { Part } from './lists.ts'

export type DetailScalar = string | number | boolean
export type DetailValue = DetailScalar | readonly DetailScalar[]
/** An authorization detail (RFC 9396). `"*"` as a whole value grants any value, an empty list grants none. */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: DetailValue }

/** The target of authorization details. Each id exists once for each type, across all workspaces. */
export type Resource = {
  type: string
  id: string
  workspaceId: string
  parts: string[]
  etag: string
  createdAt: number
}

/** Filters of the list; a resource fits when it fits each of them. */
export type ResourceFilter = { type?: string | undefined; workspaceId?: string | undefined }

/**
 * A change that takes parts from a resource takes them from every detail that points at it, in the same step. This step
 * raises the generations of the clients that lose something, and writes the rules.
 */
export interface ResourceStore {
  /** The id of a position is `TYPE ID`. */
  listResources(filter?: ResourceFilter, part?: Part): Promise<Resource[]>
  findResource(type: string, id: string): Promise<Resource | null>
  /** Finds a deleted resource, for a refusal that names it. */
  findDeletedResource(type: string, id: string): Promise<Resource | null>
  /** The types of all workspaces, for the metadata document. */
  listResourceTypes(): Promise<string[]>
  /** @throws OperationRefused `already_exists` for an id that a resource has, or a deleted resource had */
  createResource(resource: Omit<Resource, 'etag' | 'createdAt'>, now: number): Promise<void>
  /** @throws Conflict where the resource has changed since `before` */
  updateResource(before: Resource, parts: string[], now: number, cause?: Cause): Promise<void>
  /**
   * Leaves a tombstone, so that the id is not used again.
   * @throws Conflict where the resource has changed since `before`
   */
  deleteResource(before: Resource, now: number, cause?: Cause): Promise<void>
}
