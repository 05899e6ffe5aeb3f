// Checks that everything a client is given exists and reports each missing name. Integrity is the foreign keys'
// job; this makes the error specific. The sums over all named plugins and audiences are bounded, too.
import {
  MAX_CLIENT_CAPABILITIES,
  MAX_DECLARED_PERMISSIONS,
  MAX_GRANTED_PERMISSIONS,
  REFERENCES_BATCH,
} from '../constants.ts'
import { TOOL_RUN, targetOf } from '../grants/details.ts'
import type { FieldError } from '../errors.ts'
import { shownValue } from '../text/redaction.ts'
import type { Audience, AuthorizationDetail, Grant, NewClient, Plugin } from '../store/store.ts'
import { MAX_LIST, permissionsIn } from './fields.ts'
import { fieldsRefused, doesNotExist } from './refusals.ts'
import type { AdminCall } from './operation.ts'

type Lists = Pick<NewClient, 'plugins' | 'grants' | 'introspects'>
type References = Lists & Pick<NewClient, 'workspaceId' | 'createPlugins' | 'details'>

type Reader = Pick<AdminCall, 'deps'>

const NOTHING: Lists = { plugins: [], grants: [], introspects: [] }

/**
 * @param before lists that the client has already: one beyond a bound may stay or shrink, but not grow
 * @throws OperationRefused with one entry for each name that does not exist, for each plugin that is disabled, or for a
 * list beyond its bound
 */
export const checkReferences = async (
  { deps }: Reader,
  after: References,
  before: Lists = NOTHING,
): Promise<void> => {
  const { workspaceId, introspects, grants, details } = after
  checkCounts(after, before)
  const errors: FieldError[] = []
  if (workspaceId !== null && (await deps.store.findWorkspace(workspaceId)) === null) {
    errors.push({ field: 'workspace_id', detail: doesNotExist('workspace', workspaceId) })
  }
  const plugins = await readPlugins({ deps }, after.plugins, before.plugins)
  errors.push(...(await missingPlugins({ deps }, { after, before }, plugins)))
  const audiences = await readAudiences({ deps }, after, before)
  errors.push(...unknownIntrospects(introspects, audiences))
  errors.push(...grantErrors(grants, audiences))
  for (const [i, entry] of details.entries()) {
    const error = await targetError({ deps }, workspaceId, entry)
    if (error !== null) {
      const field = `authorization_details.${i}.${error.field}`
      errors.push({ field, detail: error.detail })
    }
  }
  if (errors.length > 0) throw fieldsRefused('unknown_reference', errors)
  const disabled = disabledPlugins(after, before, plugins)
  if (disabled.length > 0) throw fieldsRefused('plugin_disabled', disabled)
}

/**
 * Finds the plugins that do not exist, with an error for each. A client keeps the deleted plugins that it names until an
 * administrator removes them. It is given no deleted one, also where missing plugins are created for it.
 */
const missingPlugins = async (
  { deps }: Reader,
  { after, before }: { after: References; before: Lists },
  plugins: ReadonlyMap<string, Plugin>,
): Promise<FieldError[]> => {
  const kept = new Set(before.plugins)
  const unknown = after.plugins.filter((id) => !plugins.has(id) && !kept.has(id))
  if (unknown.length === 0) return []
  const read = (ids: string[]) => deps.store.listDeletedPlugins(ids)
  const deleted = await readInBatches(unknown, read, () => {})
  return after.plugins.flatMap((id, i) => {
    const field = `plugins.${i}`
    if (plugins.has(id) || kept.has(id)) return []
    if (deleted.has(id)) return [{ field, detail: `the plugin ${id} has been deleted` }]
    return after.createPlugins ? [] : [{ field, detail: doesNotExist('plugin', id) }]
  })
}

/** Finds the disabled plugins that the client does not have yet, with an error for each. */
const disabledPlugins = (
  after: Lists,
  before: Lists,
  plugins: ReadonlyMap<string, Plugin>,
): FieldError[] => {
  const kept = new Set(before.plugins)
  return after.plugins.flatMap((id, i) =>
    plugins.get(id)?.status !== 'disabled' || kept.has(id)
      ? []
      : [{ field: `plugins.${i}`, detail: `the plugin ${id} is disabled: enable it first` }],
  )
}

const tooLarge = (field: string, max: number, unit: string) =>
  fieldsRefused('invalid_value', [{ field, detail: `must have at most ${max} ${unit}` }])

/** Bounds each list as a whole: several changes, each within the schema's bound, can add up to a longer list. */
const checkCounts = (after: Lists, before: Lists): void => {
  for (const field of ['plugins', 'grants', 'introspects'] as const) {
    const count = after[field].length
    if (count > MAX_LIST && count > before[field].length) throw tooLarge(field, MAX_LIST, 'entries')
  }
  const permissions = permissionsIn(after.grants)
  if (permissions > MAX_GRANTED_PERMISSIONS && permissions > permissionsIn(before.grants)) {
    throw tooLarge('grants', MAX_GRANTED_PERMISSIONS, 'permissions at all audiences together')
  }
}

/** Reads rows in batches of REFERENCES_BATCH; `check` refuses at the first row that exceeds a bound. */
const readInBatches = async <T extends { id: string }>(
  ids: readonly string[],
  read: (ids: string[]) => Promise<T[]>,
  check: (row: T) => void,
): Promise<Map<string, T>> => {
  const rows = new Map<string, T>()
  for (let i = 0; i < ids.length; i += REFERENCES_BATCH) {
    for (const row of await read(ids.slice(i, i + REFERENCES_BATCH))) {
      check(row)
      rows.set(row.id, row)
    }
  }
  return rows
}

/** Returns a check that sums the weights of rows and refuses a sum beyond `max`, unless the list has no new id. */
const createBound = <T extends { id: string }>(
  { field, max, unit }: { field: string; max: number; unit: string },
  { ids, before }: { ids: ReadonlySet<string>; before: ReadonlySet<string> },
  weightOf: (row: T) => number,
) => {
  const grows = [...ids].some((id) => !before.has(id))
  let weight = 0
  return (row: T): void => {
    if (ids.has(row.id)) weight += weightOf(row)
    if (grows && weight > max) throw tooLarge(field, max, unit)
  }
}

const readPlugins = async (
  { deps }: Reader,
  ids: readonly string[],
  before: readonly string[],
): Promise<Map<string, Plugin>> => {
  const bound = { field: 'plugins', max: MAX_CLIENT_CAPABILITIES, unit: 'capabilities together' }
  const check = createBound<Plugin>(
    bound,
    { ids: new Set(ids), before: new Set(before) },
    ({ capabilities }) => capabilities.length,
  )
  return await readInBatches(ids, (batch) => deps.store.listPlugins({ ids: batch }), check)
}

const audiencesOf = (grants: readonly Grant[]): Set<string> =>
  new Set(grants.map(({ audience }) => audience))

const readAudiences = async (
  { deps }: Reader,
  { grants, introspects }: Lists,
  before: Lists,
): Promise<Map<string, Audience>> => {
  const ids = audiencesOf(grants)
  const check = createBound<Audience>(
    {
      field: 'grants',
      max: MAX_DECLARED_PERMISSIONS,
      unit: 'permissions and implications declared by all its audiences together',
    },
    { ids, before: audiencesOf(before.grants) },
    ({ permissions }) => permissions.reduce((sum, { implies }) => sum + 1 + implies.length, 0),
  )
  const all = [...new Set([...ids, ...introspects])]
  return await readInBatches(all, (batch) => deps.store.listAudiences({ ids: batch }), check)
}

const unknownIntrospects = (
  ids: readonly string[],
  audiences: ReadonlyMap<string, unknown>,
): FieldError[] =>
  ids.flatMap((id, i) =>
    audiences.has(id) ? [] : [{ field: `introspects.${i}`, detail: doesNotExist('audience', id) }],
  )

const grantErrors = (
  grants: References['grants'],
  audiences: ReadonlyMap<string, Audience>,
): FieldError[] =>
  grants.flatMap(({ audience: id, permissions }, i) => {
    const audience = audiences.get(id)
    const field = `grants.${i}`
    if (audience === undefined) return [{ field, detail: doesNotExist('audience', id) }]
    const declared = new Set(audience.permissions.map(({ name }) => name))
    const unknown = permissions.find((permission) => !declared.has(permission))
    if (unknown === undefined) return []
    return [{ field, detail: `the audience ${id} has no permission ${shownValue(unknown)}` }]
  })

/** Error of a detail whose resource is not in the client's workspace, or whose part is not one of the resource. */
const targetError = async (
  { deps }: Reader,
  workspaceId: string | null,
  entry: AuthorizationDetail,
): Promise<FieldError | null> => {
  if (entry.type === TOOL_RUN) return null
  const { type, identifier, parts } = targetOf(entry)
  if (identifier === null) return await anyTargetError({ deps }, workspaceId, type)
  const resource = await deps.store.findResource(type, identifier)
  if (resource === null || resource.workspaceId !== workspaceId) {
    return {
      field: 'identifier',
      detail: doesNotExist(`resource of type ${shownValue(type)}`, identifier),
    }
  }
  const existing = new Set(resource.parts)
  const unknown = parts?.find((part) => !existing.has(part))
  return unknown === undefined ? null : { field: 'parts', detail: doesNotExist('part', unknown) }
}

/** Error of a detail for any resource of a type, where the client's workspace has none. */
const anyTargetError = async (
  { deps }: Reader,
  workspaceId: string | null,
  type: string,
): Promise<FieldError | null> => {
  const resources =
    workspaceId === null ? [] : await deps.store.listResources({ type, workspaceId }, { limit: 1 })
  return resources.length > 0
    ? null
    : { field: 'type', detail: doesNotExist('resource type', type) }
}
