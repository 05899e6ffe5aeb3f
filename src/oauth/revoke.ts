import { audited } from '../audit/record.ts'
import { nowSeconds } from '../clock.ts'
import type { AppContext, Deps } from '../deps.ts'
import { respond } from '../http/respond.ts'
import { requestContext } from '../http/request-context.ts'
import { revocationLookup } from '../revocation/source.ts'
import { readRevocableToken } from './access-token.ts'
import { type AuthenticationDeps, authenticateClient } from './client-authentication.ts'
import { readForm } from './form.ts'
import { takeWrite } from './quota.ts'
import { submittedToken } from './submitted-token.ts'

type RevokeDeps = AuthenticationDeps & Pick<Deps, 'signer' | 'issuer' | 'metrics' | 'writes'>

/**
 * `POST /oauth/revoke` (RFC 7009): a client revokes one of its own tokens. The verified claims
 * decide whose token it is. Any other text gets the same answer, 200 (§2.2), and changes nothing.
 */
export const revoke = (deps: RevokeDeps) => async (c: AppContext) => {
  const form = await readForm(c, 'revoke')
  const caller = await authenticateClient(form, c, deps)
  const token = submittedToken(form)
  const event = {
    action: 'token.revoke',
    actor: `client:${caller.id}`,
    ...requestContext(c, deps),
  }
  const read = await readRevocableToken(token, deps)
  const claims = read?.claims
  if (read === null || claims === undefined) {
    deps.audit.count({ ...event, target: null, outcome: 'refused', reason: 'token_unknown' })
  } else if (claims.client_id !== caller.id) {
    deps.audit.count({ ...event, target: null, outcome: 'refused', reason: 'token_of_another' })
  } else if ((await deps.store.findRevocation(revocationLookup(read.kid, claims))) !== null) {
    // The token is revoked already. A client that repeats the request adds no row each time.
    deps.audit.count({ ...event, target: null, outcome: 'success', reason: 'token_revoked' })
  } else {
    const { jti, client_id: clientId, client_gen: clientGen, exp } = claims
    const writer = { clientId, workspaceId: caller.workspace?.id ?? null }
    await takeWrite(writer, 'revokedToken', event, deps)
    await audited(deps, { ...event, target: jti }, (_, cause) =>
      deps.store.revokeToken({ jti, clientId, clientGen, exp }, nowSeconds(deps), cause),
    )
    deps.metrics?.tokenRevoked()
  }
  return respond(c, 200, null)
}
