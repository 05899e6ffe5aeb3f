// Audiences: the resource servers that tokens are meant for, and their permissions.
import type { Algorithm } from '../../signing/algorithms.ts'
import type { Cause } from './audit.ts'
import type { Part } from './lists.ts'

/** One scope value, and the scope values that it implies directly. */
export type Permission = { name: string; implies: string[] }

export type Audience = {
  id: string
  requiresPlugin: boolean
  /** Lifetime of its tokens in seconds; null: the server's default. */
  tokenTtl: number | null
  algorithm: Algorithm
  permissions: Permission[]
  etag: string
  createdAt: number
}

export type NewAudience = Omit<Audience, 'etag' | 'createdAt'>

/** Filters of the list; an audience fits when it fits each of them. */
export type AudienceFilter = {
  ids?: string[] | undefined
  requiresPlugin?: boolean | undefined
  algorithm?: Algorithm | undefined
}

export interface AudienceStore {
  listAudiences(filter?: AudienceFilter, part?: Part): Promise<Audience[]>
  findAudience(id: string): Promise<Audience | null>
  createAudience(audience: NewAudience, now: number): Promise<void>
  /**
   * A removed permission is removed from every client that has it, too. The same step raises the generations of
   * these clients and writes the rules.
   * @throws Conflict where the audience has changed since `before`
   */
  updateAudience(
    before: Audience,
    change: Partial<Omit<NewAudience, 'id'>>,
    now: number,
    cause?: Cause,
  ): Promise<void>
}
