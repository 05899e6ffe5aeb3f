// Who may administer what (design: Rules, 2). Pure: no I/O.
import { ADMIN_AUDIENCE } from '../constants.ts'
import { takenDetails } from '../grants/details.ts'
import { OperationRefused } from '../errors.ts'
import { isHeld } from '../grants/held-details.ts'
import {
  type GivenLimits,
  type Limits,
  heldLimits,
  limitsGivenBy,
  loosened,
} from '../grants/limits.ts'
import { grantedNames } from '../grants/permissions.ts'
import type { AuthorizationDetail, Client, Grant, GrantedClient } from '../store/store.ts'
import { fieldsRefused, doesNotExist } from './refusals.ts'

/** What can be given to a client. */
export type Grantable = Pick<Client, 'plugins' | 'grants' | 'introspects' | 'details'>

export type Authority = {
  /** The one workspace that a bound administrator sees and changes; null for an unbound one. */
  workspaceId: string | null
  /** Of the audience `latchkey`; null for whoever has a shell on the server: all of them. */
  administration: readonly string[] | null
  /** What a bound administrator's own client may act for and ask for, which is all that it can give. */
  holds: {
    plugins: ReadonlySet<string>
    grants: ReadonlyMap<string, ReadonlySet<string>>
    details: readonly AuthorizationDetail[]
    /** Limits that a client inherits from it. */
    limits: GivenLimits
    /** Limits of its own client. */
    heldLimits: Limits
  } | null
  /** Whose doing it is, as they are now; null for whoever has a shell on the server. */
  maker: { clientId: string; generation: number } | null
}

/** Whoever can open the database: nothing that is refused here would keep them from it. */
export const SHELL: Authority = {
  workspaceId: null,
  administration: null,
  holds: null,
  maker: null,
}

/**
 * @param permissions those of the token: what it was narrowed to is all that its bearer has
 */
export const authorityOf = (subject: GrantedClient, permissions: readonly string[]): Authority => {
  const { id, generation, workspace, plugins, grants, details } = subject
  const limits = limitsGivenBy(subject)
  return {
    workspaceId: workspace?.id ?? null,
    administration: permissions,
    maker: { clientId: id, generation },
    holds: limits && {
      plugins: new Set(plugins.map((plugin) => plugin.id)),
      details,
      grants: new Map(grants.map((grant) => [grant.audience.id, grantedNames(grant)])),
      limits,
      heldLimits: heldLimits(subject),
    },
  }
}

/** @throws OperationRefused `unbound_required` */
export const requireUnbound = ({ workspaceId }: Authority): void => {
  if (workspaceId === null) return
  throw new OperationRefused(
    'unbound_required',
    'only an administrator who is bound to no workspace may do this',
  )
}

/**
 * Rows of the workspace that is asked for, or of all that may be seen: of another workspace there is nothing to
 * see, as of one that does not exist.
 */
export const seenIn = async <T>(
  authority: Authority,
  wanted: string | undefined,
  read: (workspaceId: string | undefined) => Promise<T[]>,
): Promise<T[]> => {
  const workspaceId = authority.workspaceId ?? wanted
  return wanted === undefined || wanted === workspaceId ? await read(workspaceId) : []
}

/** The workspace, where it may be administered. @throws OperationRefused as for one that does not exist */
export const requireWorkspace = ({ workspaceId }: Authority, wanted: string): string => {
  if (workspaceId === null || workspaceId === wanted) return wanted
  const error = { field: 'workspace_id', detail: doesNotExist('workspace', wanted) }
  throw fieldsRefused('unknown_reference', [error])
}

const NOTHING: Grantable = { plugins: [], grants: [], introspects: [], details: [] }

/** Values that `after` has and `before` lacks. A detail that is made less of is none. */
const additions = (after: Grantable, before: Grantable) => {
  const had = pairs(before.grants)
  return {
    introspects: added(before.introspects, after.introspects),
    plugins: added(before.plugins, after.plugins),
    pairs: [...pairs(after.grants)].filter((pair) => !had.has(pair)),
    details: takenDetails(after.details, before.details).filter(
      (entry) => !isHeld(before.details, entry),
    ),
  }
}

/** True where a change gives a client something that it does not have. */
export const givesMore = (after: Grantable, before: Grantable): boolean =>
  Object.values(additions(after, before)).some((values) => values.length > 0)

/**
 * Nobody gives what they lack. What the client has already is not given anew.
 * @throws OperationRefused `exceeds_own_grant`, the same for what does not exist
 */
export const checkGiven = (
  authority: Authority,
  after: Grantable,
  before: Grantable = NOTHING,
): void => {
  const given = additions(after, before)
  const { holds } = authority
  if (holds !== null) {
    if (given.introspects.length > 0) throw exceeds('introspects')
    if (!given.plugins.every((id) => holds.plugins.has(id))) throw exceeds('plugins')
    const isOwn = (entry: AuthorizationDetail): boolean => isHeld(holds.details, entry)
    if (!given.details.every(isOwn)) throw exceeds('authorization_details')
  }
  if (!given.pairs.every((pair) => holdsPair(authority, pair))) throw exceeds('grants')
}

/**
 * Limits only get tighter, whoever set them: only an unbound administrator raises or removes one.
 * @param before of the client, or of the administrator's own client for a new one
 * @throws OperationRefused `exceeds_own_grant`
 */
export const checkLimits = (
  { workspaceId }: Authority,
  { before, after }: { before: Limits; after: Limits },
  defaultTtlSeconds: number,
): void => {
  const field = workspaceId === null ? null : loosened(before, after, defaultTtlSeconds)
  if (field === null) return
  const detail = 'only an unbound administrator may raise or remove it'
  throw fieldsRefused('exceeds_own_grant', [{ field, detail }])
}

const added = (before: readonly string[], after: readonly string[]): string[] => {
  const had = new Set(before)
  return after.filter((item) => !had.has(item))
}

/** A permission at an audience as text, to be compared. */
const pairs = (grants: readonly Grant[]): Set<string> =>
  new Set(grants.flatMap((grant) => grant.permissions.map((name) => `${grant.audience} ${name}`)))

const holdsPair = ({ administration, holds }: Authority, pair: string): boolean => {
  const [audience = '', permission = ''] = pair.split(' ') // neither can have a space
  if (audience === ADMIN_AUDIENCE && administration?.includes(permission) === false) return false
  return holds === null || holds.grants.get(audience)?.has(permission) === true
}

const exceeds = (
  field: 'plugins' | 'grants' | 'introspects' | 'authorization_details',
): OperationRefused =>
  fieldsRefused('exceeds_own_grant', [
    { field, detail: 'nobody gives what their own client does not have' },
  ])
