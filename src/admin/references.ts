// Whether what is given to a client is there, said name by name; that nothing dangles, the database holds.
import { TOOL_RUN, targetOf } from '../details.ts'
import type { FieldError } from '../errors.ts'
import type { AuthorizationDetail, NewClient } from '../store/store.ts'
import { type Admin, fieldsRefused, there } from './operation.ts'

type References = Pick<
  NewClient,
  'workspaceId' | 'plugins' | 'createPlugins' | 'grants' | 'introspects' | 'details'
>

type Reader = Pick<Admin, 'deps'>

/** @throws OperationRefused with one entry for each name that says nothing */
export const checkReferences = async (
  { deps }: Reader,
  { workspaceId, createPlugins, plugins, introspects, grants, details }: References,
): Promise<void> => {
  const { store } = deps
  const errors: FieldError[] = []
  const check = async (field: string, what: string, id: string, row: Promise<unknown>) => {
    if ((await row) === null) errors.push({ field, detail: there(what, id) })
  }
  if (workspaceId !== null) {
    await check('workspace_id', 'workspace', workspaceId, store.findWorkspace(workspaceId))
  }
  for (const [i, id] of createPlugins ? [] : plugins.entries()) {
    await check(`plugins.${i}`, 'plugin', id, store.findPlugin(id))
  }
  for (const [i, id] of introspects.entries()) {
    await check(`introspects.${i}`, 'audience', id, store.findAudience(id))
  }
  errors.push(...(await grantErrors({ deps }, grants)))
  for (const [i, entry] of details.entries()) {
    const error = await targetError({ deps }, workspaceId, entry)
    if (error !== null) {
      const field = `authorization_details.${i}.${error.field}`
      errors.push({ field, detail: error.detail })
    }
  }
  if (errors.length > 0) throw fieldsRefused('unknown_reference', errors)
}

const grantErrors = async (
  { deps }: Reader,
  grants: References['grants'],
): Promise<FieldError[]> => {
  const errors: FieldError[] = []
  for (const [i, { audience: id, permissions }] of grants.entries()) {
    const audience = await deps.store.findAudience(id)
    const declared = audience?.permissions.map((permission) => permission.name)
    const unknown = permissions.find((permission) => declared?.includes(permission) === false)
    const detail = declared
      ? `the audience ${id} has no permission ${unknown}`
      : there('audience', id)
    if (declared === undefined || unknown !== undefined)
      errors.push({ field: `grants.${i}`, detail })
  }
  return errors
}

/** A target that is not in the workspace, or a part that is not of the target. What is elsewhere is not there. */
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
    return { field: 'identifier', detail: there(`resource of type ${type}`, identifier) }
  }
  const unknown = parts?.find((part) => !resource.parts.includes(part))
  return unknown === undefined ? null : { field: 'parts', detail: there('part', unknown) }
}

const anyTargetError = async (
  { deps }: Reader,
  workspaceId: string | null,
  type: string,
): Promise<FieldError | null> => {
  const known =
    workspaceId === null ? [] : await deps.store.listResources({ type, workspaceId }, { limit: 1 })
  return known.length > 0 ? null : { field: 'type', detail: there('resource type', type) }
}
