import { METADATA_MAX_AGE_SECONDS } from '../constants.ts'
import type { AppContext, Deps } from '../deps.ts'
import { TOOL_RUN } from '../details.ts'
import { createDocument } from '../http/document.ts'
import { revocationListUrl } from '../revocation/page.ts'

const AUTH_METHODS = ['client_secret_basic', 'client_secret_post']

/** `GET /.well-known/oauth-authorization-server` (RFC 8414 §2): only what works. */
export const metadata = ({ issuer, store }: Pick<Deps, 'issuer' | 'store'>) => {
  const known = {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: AUTH_METHODS,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: AUTH_METHODS,
    run_revocation_endpoint: `${issuer}/oauth/runs/revoke`,
    registration_endpoint: `${issuer}/oauth/register`,
    revocation_list_endpoint: revocationListUrl(issuer),
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
  }
  const send = createDocument()
  return async (c: AppContext) => {
    const types = [TOOL_RUN, ...(await store.listResourceTypes())]
    const document = { ...known, authorization_details_types_supported: types }
    return send(c, JSON.stringify(document), {
      'Content-Type': 'application/json',
      'Cache-Control': `public, max-age=${METADATA_MAX_AGE_SECONDS}`,
    })
  }
}
