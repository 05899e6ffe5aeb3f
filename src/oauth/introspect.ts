import type { AppContext, Deps } from '../deps.ts'
import { OAuthError } from '../errors.ts'
import type { GrantedClient } from '../store/store.ts'
import { type AccessTokenClaims, readActiveToken } from './access-token.ts'
import { type AuthenticationDeps, authenticateClient } from './client-authentication.ts'
import { readForm } from './form.ts'

type IntrospectDeps = AuthenticationDeps & Pick<Deps, 'signer' | 'issuer' | 'metrics'>

/** RFC 7662 §2.2. */
type Introspection =
  { active: false } | ({ active: true; token_type: 'Bearer' } & AccessTokenClaims)

/**
 * `POST /oauth/introspect` (RFC 7662): what a token is worth now. A client sees its own tokens and those of
 * the audiences that it is marked to introspect; all others are inactive, and nothing more is said of them.
 */
export const introspect = (deps: IntrospectDeps) => async (c: AppContext) => {
  const form = await readForm(c, 'introspect')
  const caller = await authenticateClient(form, c, deps)
  const token = form.get('token')
  if (token === undefined) throw new OAuthError('token_missing')
  const answer = visibleTo(caller, await readActiveToken(token, deps))
  deps.metrics?.introspected(answer.active)
  return c.json(answer)
}

const visibleTo = (caller: GrantedClient, claims: AccessTokenClaims | null): Introspection => {
  if (claims === null) return { active: false }
  const visible = claims.client_id === caller.id || caller.introspects.includes(claims.aud)
  return visible ? { ...claims, active: true, token_type: 'Bearer' } : { active: false }
}
