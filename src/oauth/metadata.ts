import { METADATA_MAX_AGE_SECONDS } from '../constants.ts'
import type { AppContext, Deps } from '../deps.ts'
import { TOOL_RUN } from '../grants/details.ts'
import { createDocument } from '../http/document.ts'
import { rs256First } from '../signing/algorithms.ts'
import type { Endpoint } from './endpoint.ts'

type MetadataDeps = Pick<Deps, 'issuer' | 'store' | 'algorithms'>

const AUTH_METHODS = ['client_secret_basic', 'client_secret_post']

/**
 * The members that name an address, each followed by the one that lists its ways of client
 * authentication.
 */
const addressMembers = (issuer: string, endpoints: readonly Endpoint[]): Record<string, unknown> =>
  Object.fromEntries(
    endpoints.flatMap(({ path, metadata: members }) => [
      ...(members === undefined ? [] : [[members.address, issuer + path]]),
      ...(members?.authentication === undefined ? [] : [[members.authentication, AUTH_METHODS]]),
    ]),
  )

/**
 * `GET /.well-known/oauth-authorization-server` (RFC 8414 §2) and `GET
 * /.well-known/openid-configuration` (§5): the same document. The members that only OpenID Connect
 * requires describe access tokens, because the server issues no ID tokens. The issuer has no path,
 * so addresses with a path have no document: its `issuer` would be another one (§3.3).
 */
export const metadata = (
  { issuer, store, algorithms }: MetadataDeps,
  endpoints: readonly Endpoint[],
) => {
  const constant = {
    issuer,
    ...addressMembers(issuer, endpoints),
    grant_types_supported: ['client_credentials'],
    // Required (RFC 8414 §2) and not empty (§3.2). A client that needs `code` can stop here, before
    // it sends a user.
    response_types_supported: ['none'],
    subject_types_supported: ['public'], // OpenID Connect Core §8: one `sub` for all audiences
    id_token_signing_alg_values_supported: rs256First(algorithms, (name) => name),
  }
  const send = createDocument()
  let latest: { types: string[]; text: string } | undefined
  return async (c: AppContext) => {
    // The store returns the same array until the database changes.
    const types = await store.listResourceTypes()
    if (latest?.types !== types) {
      const supported = { authorization_details_types_supported: [TOOL_RUN, ...types] }
      latest = { types, text: JSON.stringify({ ...constant, ...supported }) }
    }
    return send(c, latest.text, {
      'Content-Type': 'application/json',
      'Cache-Control': `public, max-age=${METADATA_MAX_AGE_SECONDS}`,
    })
  }
}
