import { decodeJwt } from 'jose'
import { OperationRefused } from '../errors.ts'
import { readAccessToken, readActiveToken } from '../oauth/access-token.ts'
import { mayLogIn } from '../oauth/client-authentication.ts'
import { type TokenResponse, issueToken } from '../oauth/issue.ts'
import { type TokenRequest, checkDetails } from '../grants/narrowing.ts'
import { type AdminCall, auditedChange, now } from './operation.ts'

/** A token as the client itself would get it, without its secret. */
export const issueTokenFor = (
  admin: AdminCall,
  clientId: string,
  { details = [], ...request }: Omit<TokenRequest, 'details'> & { details?: unknown },
): Promise<TokenResponse> =>
  auditedChange(admin, 'token.issue', clientId, async () => {
    const subject = await admin.deps.store.findGrantedClient(clientId)
    if (!mayLogIn(subject)) {
      throw new OperationRefused('not_found', 'there is no client with this id that may log in')
    }
    const asked = { ...request, details: checkDetails(details) }
    await admin.deps.store.noteIssuance(now(admin)) // a command keeps no clock
    return await issueToken(subject, asked, admin.deps, { actor: admin.as.actor })
  })

/** What a token says and whether it is good now; `claims` is null for one that this server has not signed or that has expired. */
export const inspectToken = async ({ deps }: AdminCall, token: string) => {
  await checkIssuer(token, deps)
  const claims = (await readAccessToken(token, deps))?.claims ?? null
  const active = claims !== null && (await readActiveToken(token, deps)) !== null
  return { active, claims }
}

/**
 * A token that our key has signed for another issuer is no stranger's: the command and the server run with
 * different settings, and to call a live token inactive would be untrue.
 */
export const checkIssuer = async (
  token: string,
  { signer, issuer }: AdminCall['deps'],
): Promise<void> => {
  if ((await signer.verify(token)) === null) return
  if (decodeJwt(token).iss === issuer) return
  throw new OperationRefused(
    'invalid_value',
    'the token is of another issuer: run the command with the LATCHKEY_… settings of the server',
  )
}
