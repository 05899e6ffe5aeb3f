// The codes of refusals: an interface between resource server and client. No I/O.

/**
 * HTTP status, error code of RFC 6750 and sentence of each code. A sentence repeats nothing from
 * the token or the request, because it is sent to the client.
 */
export const CODES = {
  token_missing: [401, null, 'The request has no token.'],
  token_malformed: [401, 'invalid_token', 'The token is not a well-formed access token.'],
  token_untrusted: [401, 'invalid_token', 'The token is not one that this server trusts.'],
  token_expired: [401, 'invalid_token', 'The token has expired.'],
  token_not_yet_valid: [
    401,
    'invalid_token',
    'The token is not valid yet by the clock of this server.',
  ],
  token_revoked: [401, 'invalid_token', 'The token has been revoked.'],
  permission_missing: [403, 'insufficient_scope', 'The token lacks the permission.'],
  plugin_missing: [403, 'insufficient_scope', 'The token names no plugin.'],
  plugin_mismatch: [403, 'insufficient_scope', 'The token is for another plugin than the request.'],
  endpoint_denied: [403, 'insufficient_scope', 'The run may not use this endpoint.'],
  operation_denied: [403, 'insufficient_scope', 'The run may not do this operation.'],
  capability_missing: [403, 'insufficient_scope', 'The plugin lacks the capability.'],
  authorization_denied: [403, 'insufficient_scope', 'The token lacks the authorization.'],
  authorization_ambiguous: [403, 'insufficient_scope', 'Several authorizations of the token fit.'],
  keys_unavailable: [503, null, 'The server lacks the keys to verify the token.'],
  revocations_stale: [503, null, 'The server lacks current revocation data.'],
} as const

/** The stable code of a refusal. It is sent to the client. */
export type VerificationCode = keyof typeof CODES
