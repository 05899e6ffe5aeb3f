import { z } from 'zod'
import { runTarget } from '../audit/target.ts'

import { countOut } from '../store/ledger.ts'
import { listVisible, requireWorkspace, workspaceOrOwn } from './authority.ts'
import { chosenId } from './fields.ts'
import { fieldsRefused, doesNotExist, orNotFound } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageByAge, pageFields } from './pages.ts'
import { closedRunView } from './views/run.ts'

export const runQuery = z.strictObject({ ...pageFields, workspace_id: chosenId.optional() })
export const runName = z.strictObject({ workspace_id: chosenId.optional() })
export const runRevocation = z
  .strictObject({ workspace_id: chosenId.optional() })
  .meta({ id: 'RunRevocation' })

const namedRun = z.strictObject({ identifier: chosenId, workspace_id: chosenId.optional() })

/** Lists closed runs, oldest first. A client may request tokens for any other run. */
export const listRuns = async (call: AdminCall, query: z.input<typeof runQuery> = {}) => {
  const { deps, authority } = call
  const { workspace_id: chosenWorkspace, ...page } = parseQuery(runQuery, query)
  return await pageByAge(
    { ...page, list: 'runs' },
    (part) =>
      listVisible(authority, chosenWorkspace, (workspaceId) =>
        deps.store.listClosedRuns({ workspaceId }, part),
      ),
    closedRunView,
  )
}

/**
 * Shows a closed run. Without a workspace, an unbound administrator also finds one of the clients outside every
 * workspace.
 */
export const showRun = async (
  { deps, authority }: AdminCall,
  identifier: string,
  query: z.input<typeof runName> = {},
) => {
  const { workspace_id: chosen } = parseQuery(runName, query)
  const workspaceId = workspaceOrOwn(authority, chosen)
  const isOwn = authority.workspaceId === null || authority.workspaceId === workspaceId
  const named = isOwn ? await deps.store.findClosedRun({ workspaceId, identifier }) : null
  const searchesOutside = chosen === undefined && authority.workspaceId === null
  const run =
    named ??
    (searchesOutside ? await deps.store.findClosedRun({ workspaceId: null, identifier }) : null)
  return closedRunView(orNotFound(run, 'closed run', identifier))
}

const targetOf = ({ authority }: AdminCall, run: z.input<typeof namedRun>) =>
  runTarget({
    workspaceId: workspaceOrOwn(authority, run.workspace_id),
    identifier: run.identifier,
  })

/**
 * Closes a run for good: revokes its tokens, and every later request for a token of it is refused. Closing it again
 * changes nothing. `matched` counts its tokens that have not expired; null where the server keeps no ledger.
 */
export const revokeRun = (call: AdminCall, input: z.input<typeof namedRun>) =>
  auditedChange(call, 'run.revoke', targetOf(call, input), async (_, cause) => {
    const { identifier, workspace_id } = parse(namedRun, input)
    const { authority, deps } = call
    const workspaceId = requireWorkspace(authority, workspaceOrOwn(authority, workspace_id))
    if ((await deps.store.findWorkspace(workspaceId)) === null) {
      const error = { field: 'workspace_id', detail: doesNotExist('workspace', workspaceId) }
      throw fieldsRefused('unknown_reference', [error])
    }
    await deps.store.closeRun({ workspaceId, identifier }, now(call), cause)
    const matched = await countOut(deps, { workspaceId, run: identifier }, now(call))
    return { identifier, workspace_id: workspaceId, matched }
  })
