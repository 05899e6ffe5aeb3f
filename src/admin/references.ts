// Whether what is given to a client is there, said name by name; that nothing dangles, the database holds.
import { TOOL_RUN, targetOf } from '../details.ts'
import { OperationRefused } from '../errors.ts'
import type { AuthorizationDetail, NewClient } from '../store/store.ts'
import { type Admin, unknownReference } from './operation.ts'

type References = Pick<
  NewClient,
  'workspaceId' | 'plugins' | 'createPlugins' | 'grants' | 'introspects' | 'details'
>

/** Says which name is wrong; that nothing dangles, the database's foreign keys hold. */
export const checkReferences = async (
  { deps }: Pick<Admin, 'deps'>,
  references: References,
): Promise<void> => {
  const { store } = deps
  const exists = async (row: Promise<unknown>, what: string, id: string, field: string) => {
    if ((await row) === null) throw unknownReference(what, id, field)
  }
  const { workspaceId: workspace } = references
  if (workspace !== null) {
    await exists(store.findWorkspace(workspace), 'workspace', workspace, 'workspace_id')
  }
  if (!references.createPlugins) {
    for (const id of references.plugins) await exists(store.findPlugin(id), 'plugin', id, 'plugins')
  }
  for (const id of references.introspects) {
    await exists(store.findAudience(id), 'audience', id, 'introspects')
  }
  for (const { audience: id, permissions } of references.grants) {
    const audience = await store.findAudience(id)
    if (audience === null) throw unknownReference('audience', id, 'grants')
    const unknown = permissions.find((name) => !audience.permissions.some((p) => p.name === name))
    if (unknown === undefined) continue
    const message = `grants: the audience ${audience.id} has no permission ${unknown}`
    throw new OperationRefused('unknown_reference', message, 'grants')
  }
  await checkTargets({ deps }, workspace, references.details)
}

/**
 * @throws OperationRefused for a target that is not in the workspace, or a part that is not of the target;
 * what is in another workspace looks as if it were not there
 */
const checkTargets = async (
  { deps }: Pick<Admin, 'deps'>,
  workspaceId: string | null,
  details: readonly AuthorizationDetail[],
): Promise<void> => {
  for (const [i, entry] of details.entries()) {
    if (entry.type === TOOL_RUN) continue
    const field = `authorization_details.${i}`
    const { type, identifier, parts } = targetOf(entry)
    if (identifier === null) await checkAnyTarget({ deps }, { workspaceId, type, parts, field })
    else {
      const resource = await deps.store.findResource(type, identifier)
      if (resource === null || resource.workspaceId !== workspaceId) {
        throw unknownReference(`resource of type ${type}`, identifier, `${field}.identifier`)
      }
      const unknown = parts?.find((part) => !resource.parts.includes(part))
      if (unknown !== undefined) throw unknownReference('part', unknown, `${field}.parts`)
    }
  }
}

type AnyTarget = {
  workspaceId: string | null
  type: string
  parts: string[] | null
  field: string
}

const checkAnyTarget = async (
  { deps }: Pick<Admin, 'deps'>,
  { workspaceId, type, parts, field }: AnyTarget,
): Promise<void> => {
  const known =
    workspaceId !== null && (await deps.store.listResources({ type, workspaceId }, { limit: 1 }))
  if (!known || known.length === 0) throw unknownReference('resource type', type, `${field}.type`)
  if (parts === null || parts.length === 0) return
  const message = `${field}.parts: must be "*" or empty where the identifier is "*"`
  throw new OperationRefused('invalid_value', message, `${field}.parts`)
}
