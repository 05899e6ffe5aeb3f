import { z } from 'zod'
import { runTarget } from '../audit/target.ts'
import { DEFAULT_WORKSPACE } from '../constants.ts'
import { countOut } from '../store/ledger.ts'
import { requireWorkspace, seenIn } from './authority.ts'
import { chosenId } from './fields.ts'
import { fieldsRefused, doesNotExist } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageByAge, pageFields } from './pages.ts'
import { closedRunView } from './token-views.ts'

export const runQuery = z.strictObject({ ...pageFields, workspace_id: chosenId.optional() })
export const runRevocation = z
  .strictObject({ workspace_id: chosenId.optional() })
  .meta({ id: 'RunRevocation' })

const namedRun = z.strictObject({ identifier: chosenId, workspace_id: chosenId.optional() })

/** Those that are closed, oldest first. Any other run is one that somebody may ask a token for. */
export const listRuns = async (admin: AdminCall, query: z.input<typeof runQuery> = {}) => {
  const { deps, authority } = admin
  const { workspace_id: wanted, ...page } = parseQuery(runQuery, query)
  return await pageByAge(
    { ...page, list: 'runs' },
    (part) =>
      seenIn(authority, wanted, (workspaceId) => deps.store.listClosedRuns({ workspaceId }, part)),
    closedRunView,
  )
}

const wanted = ({ authority }: AdminCall, given: string | undefined): string =>
  given ?? authority.workspaceId ?? DEFAULT_WORKSPACE

const targetOf = (
  admin: AdminCall,
  { identifier, workspace_id: given }: z.input<typeof namedRun>,
) => runTarget({ workspaceId: wanted(admin, given), identifier })

/**
 * Closes a run for good: its tokens are dead and it gets no more, whoever asks. Closing it again changes nothing.
 * `matched`: its tokens that have not expired; null where no ledger is kept.
 */
export const revokeRun = (admin: AdminCall, input: z.input<typeof namedRun>) =>
  auditedChange(admin, 'run.revoke', targetOf(admin, input), async () => {
    const { identifier, workspace_id: given } = parse(namedRun, input)
    const { authority, deps } = admin
    const run = { workspaceId: requireWorkspace(authority, wanted(admin, given)), identifier }
    if ((await deps.store.findWorkspace(run.workspaceId)) === null) {
      const error = { field: 'workspace_id', detail: doesNotExist('workspace', run.workspaceId) }
      throw fieldsRefused('unknown_reference', [error])
    }
    await deps.store.closeRun(run, now(admin))
    const filter = { workspaceId: run.workspaceId, run: identifier }
    const matched = await countOut(deps, filter, now(admin))
    return { identifier, workspace_id: run.workspaceId, matched }
  })
