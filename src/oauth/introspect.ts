import { respondJson } from '../http/respond.ts'
import type { AppContext, Deps } from '../deps.ts'
import type { GrantedClient } from '../store/store.ts'
import { type AccessTokenClaims, type ExaminedToken, examineToken } from './access-token.ts'
import { type AuthenticationDeps, authenticateClient } from './client-authentication.ts'
import { readForm } from './form.ts'
import type { InactiveReason } from './reasons.ts'
import { submittedToken } from './submitted-token.ts'

type IntrospectDeps = AuthenticationDeps & Pick<Deps, 'signer' | 'issuer' | 'metrics'>

/** RFC 7662 §2.2. */
type Introspection =
  { active: false } | ({ active: true; token_type: 'Bearer' } & AccessTokenClaims)

/**
 * `POST /oauth/introspect` (RFC 7662): answers whether a token is active now. A client sees its own
 * tokens and those of the audiences that it may introspect. For all others the answer is `{
 * "active": false }`.
 */
export const introspect = (deps: IntrospectDeps) => async (c: AppContext) => {
  const form = await readForm(c, 'introspect')
  const caller = await authenticateClient(form, c, deps)
  const token = submittedToken(form)
  const examined = await examineToken(token, deps)
  const result = visibleTo(caller, examined)
  const answer = answerOf(result)
  if (typeof result === 'string') {
    const line = { requestId: c.get('requestId'), clientId: caller.id, reason: result }
    deps.log.info(line, 'token is inactive')
  }
  deps.metrics?.introspected(answer.active)
  return respondJson(c, 200, answer)
}

type Result = AccessTokenClaims | InactiveReason

const visibleTo = (caller: GrantedClient, { reason, read }: ExaminedToken): Result => {
  if (reason !== null) return reason
  const { claims } = read
  const isVisible = claims.client_id === caller.id || caller.introspects.includes(claims.aud)
  return isVisible ? claims : 'token_not_visible'
}

const answerOf = (result: Result): Introspection =>
  typeof result === 'string' ? { active: false } : { ...result, active: true, token_type: 'Bearer' }
