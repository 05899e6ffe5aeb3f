import { nameable } from '../audit/target.ts'
import { audited } from '../audit/record.ts'
import { runTarget } from '../audit/target.ts'
import { CHOSEN_ID } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { AppContext, Deps } from '../deps.ts'
import { coversRun } from '../grants/details.ts'
import { respondJson } from '../http/respond.ts'
import { OAuthError, OperationRefused, refusedValue } from '../errors.ts'
import { requestContext } from '../http/request-context.ts'
import { countOut } from '../store/ledger.ts'
import { namedRunValue } from '../grants/taking-away.ts'
import type { Run, GrantedClient } from '../store/store.ts'
import { type AuthenticationDeps, authenticateClient } from './client-authentication.ts'
import { readForm } from './form.ts'
import { takeFromQuota, takeWrite } from './quota.ts'

type RevokeRunDeps = AuthenticationDeps & Pick<Deps, 'ledger' | 'quota' | 'writes'>

/**
 * `POST /oauth/runs/revoke` (not of an RFC): a client closes a run that its granted details cover,
 * in its own workspace. The tokens of all clients for the run are revoked. The answer for a closed
 * run is the same.
 */
export const revokeRun = (deps: RevokeRunDeps) => async (c: AppContext) => {
  const form = await readForm(c, 'revokeRun')
  const caller = await authenticateClient(form, c, deps)
  const identifier = form.get('identifier')
  if (identifier === undefined) throw new OAuthError('identifier_missing')
  await takeFromQuota(caller, deps) // the store keeps a closed run forever
  const run = { workspaceId: caller.workspace?.id ?? null, identifier }
  await close(run, caller, c, deps)
  const matched = await countOut(deps, { ...run, run: identifier }, nowSeconds(deps))
  return respondJson(c, 200, { identifier, matched })
}

const close = async (
  run: Run,
  caller: GrantedClient,
  c: AppContext,
  deps: RevokeRunDeps,
): Promise<void> => {
  const event = {
    action: 'run.revoke',
    actor: `client:${caller.id}`,
    target: nameable(runTarget(run)),
    ...requestContext(c, deps),
  }
  const { workspaceId, identifier } = run
  if (!CHOSEN_ID.test(identifier) || !coversRun(caller.details, identifier)) {
    // The identifier may be any text, so the audit does not store it. The answer names it.
    const reason = 'details_not_granted'
    deps.audit.count({ ...event, target: null, outcome: 'refused', reason })
    throw refusedValue(reason, [identifier])
  }
  if (await deps.store.isRunClosed([namedRunValue(workspaceId, identifier)])) {
    // A client that repeats the request adds no row each time.
    deps.audit.count({ ...event, target: null, outcome: 'success', reason: 'run_closed' })
    return
  }
  await takeWrite({ clientId: caller.id, workspaceId }, 'closedRun', event, deps)
  await audited(deps, event, async (_, cause) => {
    try {
      await deps.store.closeRun(run, nowSeconds(deps), cause)
    } catch (error) {
      const full = error instanceof OperationRefused && error.code === 'too_many_runs'
      throw full ? new OAuthError('too_many_runs') : error
    }
  })
}
