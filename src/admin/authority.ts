// Authority of an administrator: rows it may see and change, and grants it may give (design: Rules, 2). Pure: no I/O.
import { ADMIN_AUDIENCE, DEFAULT_WORKSPACE } from '../constants.ts'
import { takenDetails } from '../grants/details.ts'
import { OperationRefused } from '../errors.ts'
import { isHeld } from '../grants/held-details.ts'
import {
  type InheritedLimits,
  type Limits,
  heldLimits,
  limitsInheritedFrom,
  loosened,
} from '../grants/limits.ts'
import { grantedNames } from '../grants/permissions.ts'
import type { AuthorizationDetail, Client, Grant, GrantedClient } from '../store/store.ts'
import { fieldsRefused, doesNotExist } from './refusals.ts'

/** Members of a client that an administrator gives. */
export type Grantable = Pick<Client, 'plugins' | 'grants' | 'introspects' | 'details'>

export type Authority = {
  /** The one workspace that a bound administrator sees and changes; null for an unbound one. */
  workspaceId: string | null
  /** Permissions at the audience `latchkey`; null for the command line, which has all of them. */
  administration: readonly string[] | null
  /** Plugins, grants and details of a bound administrator's own client, the most that it can give. */
  holds: {
    plugins: ReadonlySet<string>
    grants: ReadonlyMap<string, ReadonlySet<string>>
    details: readonly AuthorizationDetail[]
    /** Limits that a client inherits from it. */
    limits: InheritedLimits
    /** Limits of its own client. */
    heldLimits: Limits
  } | null
  /** The administrator's client at the time of the call; null for the command line. */
  maker: { clientId: string; generation: number } | null
}

/** Authority of the command line. A refusal would not stop a user who can open the database. */
export const SHELL: Authority = {
  workspaceId: null,
  administration: null,
  holds: null,
  maker: null,
}

/** @param permissions those of the token, which the client may have narrowed below its grant */
export const authorityOf = (client: GrantedClient, permissions: readonly string[]): Authority => {
  const { id, generation, workspace, plugins, grants, details } = client
  const limits = limitsInheritedFrom(client)
  return {
    workspaceId: workspace?.id ?? null,
    administration: permissions,
    maker: { clientId: id, generation },
    holds: limits && {
      plugins: new Set(plugins.map((plugin) => plugin.id)),
      details,
      grants: new Map(grants.map((grant) => [grant.audience.id, grantedNames(grant)])),
      limits,
      heldLimits: heldLimits(client),
    },
  }
}

/** @throws OperationRefused `unbound_required` */
export const requireUnbound = ({ workspaceId }: Authority): void => {
  if (workspaceId === null) return
  throw new OperationRefused('unbound_required', 'only an unbound administrator may do this')
}

/** True for a row that the administrator may see: any row, or for a bound one those of its workspace. */
export const isVisible = (
  { workspaceId }: Authority,
  row: { workspaceId: string | null } | null,
): boolean => workspaceId === null || row?.workspaceId === workspaceId

/**
 * Reads the rows of the chosen workspace, or of all workspaces that the administrator may see. A bound administrator
 * gets an empty list for another workspace, as for one that does not exist.
 */
export const listVisible = async <T>(
  authority: Authority,
  chosen: string | undefined,
  read: (workspaceId: string | undefined) => Promise<T[]>,
): Promise<T[]> => {
  const workspaceId = authority.workspaceId ?? chosen
  return chosen === undefined || chosen === workspaceId ? await read(workspaceId) : []
}

/** The chosen workspace; without a choice the administrator's own one, or the default one. */
export const workspaceOrOwn = ({ workspaceId }: Authority, chosen: string | undefined): string =>
  chosen ?? workspaceId ?? DEFAULT_WORKSPACE

/** Returns a workspace that may be administered. @throws OperationRefused as for one that does not exist */
export const requireWorkspace = ({ workspaceId }: Authority, chosen: string): string => {
  if (workspaceId === null || workspaceId === chosen) return chosen
  const error = { field: 'workspace_id', detail: doesNotExist('workspace', chosen) }
  throw fieldsRefused('unknown_reference', [error])
}

const NOTHING: Grantable = { plugins: [], grants: [], introspects: [], details: [] }

/** Values that `after` has and `before` lacks. A detail that only got narrower is no addition. */
const additions = (after: Grantable, before: Grantable) => {
  const had = pairs(before.grants)
  return {
    introspects: difference(after.introspects, before.introspects),
    plugins: difference(after.plugins, before.plugins),
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
 * Requires that an administrator gives only what its own client has. Values that the client has already are not
 * checked.
 * @throws OperationRefused `exceeds_own_grant`, also for a value that does not exist
 */
export const checkGiven = (
  authority: Authority,
  after: Grantable,
  before: Grantable = NOTHING,
): void => {
  const added = additions(after, before)
  const { holds } = authority
  if (holds !== null) {
    if (added.introspects.length > 0) throw exceeds('introspects')
    if (!added.plugins.every((id) => holds.plugins.has(id))) throw exceeds('plugins')
    const isOwn = (entry: AuthorizationDetail): boolean => isHeld(holds.details, entry)
    if (!added.details.every(isOwn)) throw exceeds('authorization_details')
  }
  if (!added.pairs.every((pair) => holdsPair(authority, pair))) throw exceeds('grants')
}

/**
 * Requires that a bound administrator makes limits only tighter: only an unbound administrator may raise or remove
 * one, also one that a bound administrator has set.
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

const difference = (items: readonly string[], without: readonly string[]): string[] => {
  const removed = new Set(without)
  return items.filter((item) => !removed.has(item))
}

/** Each permission at each audience as one text, for comparison. */
const pairs = (grants: readonly Grant[]): Set<string> =>
  new Set(grants.flatMap((grant) => grant.permissions.map((name) => `${grant.audience} ${name}`)))

const holdsPair = ({ administration, holds }: Authority, pair: string): boolean => {
  const [audience = '', permission = ''] = pair.split(' ') // ids and names have no space
  if (audience === ADMIN_AUDIENCE && administration?.includes(permission) === false) return false
  return holds === null || holds.grants.get(audience)?.has(permission) === true
}

const exceeds = (
  field: 'plugins' | 'grants' | 'introspects' | 'authorization_details',
): OperationRefused =>
  fieldsRefused('exceeds_own_grant', [{ field, detail: 'may only have what your own client has' }])
