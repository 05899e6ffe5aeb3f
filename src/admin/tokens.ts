// Access tokens: those of the ledger, and issuing one from the command line.
import { decodeJwt } from 'jose/jwt/decode'
import { z } from 'zod'
import { MAX_CREDENTIAL_CHARS } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { type TokenRequest, checkDetails } from '../grants/narrowing.ts'
import { mayLogIn } from '../oauth/client-authentication.ts'
import { type TokenResponse, issueToken } from '../oauth/issue.ts'
import type { Ledger, LedgerRow } from '../store/ledger.ts'
import { comparedText } from '../text/human-text.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import { listVisible } from './authority.ts'
import { chosenId } from './fields.ts'
import { type AdminCall, auditedChange, now, parseQuery } from './operation.ts'
import { pageBySeq, pageFields } from './pages.ts'
import { fieldsRefused, orNotFound } from './refusals.ts'
import { tokenView } from './views/token.ts'

export const tokenQuery = z.strictObject({
  ...pageFields,
  client_id: comparedText(MAX_CREDENTIAL_CHARS).optional(),
  run: chosenId.optional().meta({ description: 'The identifier of a run, in any workspace.' }),
  workspace_id: chosenId.optional(),
})

/**
 * Lists the unexpired tokens of a client or a run, oldest first, revoked ones included.
 * @throws OperationRefused `no_ledger` if the server keeps no ledger
 */
export const listTokens = async (call: AdminCall, query: z.input<typeof tokenQuery>) => {
  const { deps, authority } = call
  const {
    client_id: clientId,
    run,
    workspace_id: chosenWorkspace,
    ...page
  } = parseQuery(tokenQuery, query)
  const ledger = requireLedger(deps)
  if (clientId === undefined && run === undefined) {
    const detail = 'is required, or run: a list of all tokens does not exist'
    throw fieldsRefused('invalid_value', [{ field: 'client_id', detail }])
  }
  return await pageBySeq(
    { ...page, list: 'tokens' },
    (part) =>
      listVisible(authority, chosenWorkspace, (workspaceId) =>
        ledger.list({ clientId, run, workspaceId }, now(call), part),
      ),
    tokenView,
  )
}

/** @throws OperationRefused `no_ledger` */
const requireLedger = ({ ledger }: AdminCall['deps']): Ledger => {
  if (ledger !== null) return ledger
  throw new OperationRefused('no_ledger', 'the server keeps no ledger of tokens')
}

/**
 * Finds an unexpired token in the ledger; null also for one of another workspace.
 * @throws OperationRefused `no_ledger`, Unavailable
 */
export const findIssued = async (
  { deps, authority }: Pick<AdminCall, 'deps' | 'authority'>,
  jti: string,
): Promise<LedgerRow | null> => {
  const filter = { jti, workspaceId: authority.workspaceId ?? undefined }
  // A clock that is ahead expires no token here: it would be active again once the clock is set right.
  const [row] = await requireLedger(deps).list(filter, await settledSeconds(deps), { limit: 1 })
  return row ?? null
}

/** Shows a token until it expires by the wall clock, as the list does. */
export const showToken = async (call: AdminCall, jti: string) => {
  const issued = await findIssued(call, jti)
  const unexpired = issued !== null && issued.expiresAt > now(call) ? issued : null
  return tokenView(orNotFound(unexpired, 'unexpired token in the ledger with the jti', jti))
}

/** Issues a token as the client itself would get it, without its secret. */
export const issueTokenFor = (
  call: AdminCall,
  clientId: string,
  { details = [], ...request }: Omit<TokenRequest, 'details'> & { details?: unknown },
): Promise<TokenResponse> =>
  auditedChange(call, 'token.issue', clientId, async () => {
    const grantedClient = await call.deps.store.findGrantedClient(clientId)
    if (!mayLogIn(grantedClient)) {
      throw new OperationRefused('not_found', 'there is no client with this id that may log in')
    }
    const checked = { ...request, details: checkDetails(details) }
    await call.deps.store.noteIssuance(now(call)) // a command runs no upkeep that would record the time
    return await issueToken(grantedClient, checked, call.deps, { actor: call.as.actor })
  })

/**
 * Refuses a token that this server's key has signed for another issuer: the command runs with other settings than the
 * server, and would report an active token as inactive.
 */
export const checkIssuer = async (
  token: string,
  { signer, issuer }: AdminCall['deps'],
): Promise<void> => {
  if ((await signer.verify(token)) === null) return
  if (decodeJwt(token).iss === issuer) return
  throw new OperationRefused(
    'invalid_value',
    'the token has another issuer: run the command with the LATCHKEY_… settings of the server',
  )
}
