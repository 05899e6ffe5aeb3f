import { METADATA_MAX_AGE_SECONDS } from '../constants.ts'
import type { AppContext, Deps } from '../deps.ts'
import { TOOL_RUN } from '../grants/details.ts'
import { createDocument } from '../http/document.ts'
import { revocationListUrl } from '../revocation/page.ts'
import { rs256First } from '../signing/algorithms.ts'

type MetadataDeps = Pick<Deps, 'issuer' | 'store' | 'algorithms'>

const AUTH_METHODS = ['client_secret_basic', 'client_secret_post']

/**
 * `GET /.well-known/oauth-authorization-server` (RFC 8414 §2) and `GET /.well-known/openid-configuration` (§5): one
 * document for readers of either. The members that only OpenID Connect requires describe access tokens, because the
 * server issues no ID tokens. The issuer has no path, so no address with a path has a document: its `issuer` would be
 * another one (§3.3).
 */
export const metadata = ({ issuer, store, algorithms }: MetadataDeps) => {
  const known = {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
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
    // Required (RFC 8414 §2) and not empty (§3.2). A client that needs `code` says so instead of sending a person.
    response_types_supported: ['none'],
    subject_types_supported: ['public'], // OpenID Connect Core §8: one `sub` for all audiences
    id_token_signing_alg_values_supported: rs256First(algorithms, (name) => name),
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
