// Reasons of refused credentials and inactive tokens, for the log alone: the answer has the code.
// Pure: no I/O.
import { OAUTH_ERRORS, OAuthError, type OAuthErrorCode, refusedValue } from '../errors.ts'
import type { GrantedClient, RefusedClient } from '../store/store.ts'

/** The code that the client gets, and the cause in one sentence. */
type Reason = { code: OAuthErrorCode; means: string }

const FAILED = 'client_authentication_failed'

/** Reasons of a refused client authentication (RFC 6749 §2.3). */
export const AUTHENTICATION_REASONS = {
  credentials_missing: {
    code: FAILED,
    means: 'The request has no client id, no secret, or neither.',
  },
  credentials_ambiguous: {
    code: 'client_authentication_ambiguous',
    means: 'The request uses several ways of client authentication, or names two clients.',
  },
  credentials_malformed: {
    code: 'client_authentication_malformed',
    means: 'The Authorization header is not well-formed Basic authentication.',
  },
  credentials_too_long: {
    code: FAILED,
    means: 'The client id or the secret is longer than any that the server makes.',
  },
  method_unsupported: {
    code: FAILED,
    means: 'The request has a client assertion, or a scheme other than Basic.',
  },
  unknown_client: { code: FAILED, means: 'No client has this id.' },
  client_deleted: { code: FAILED, means: 'The client has been deleted, or removed as unused.' },
  wrong_secret: { code: FAILED, means: 'The client exists, and the secret is not one of its own.' },
  secret_revoked: { code: FAILED, means: 'The secret has been revoked.' },
  secret_expired: { code: FAILED, means: 'The secret has expired.' },
  client_disabled: { code: FAILED, means: 'The secret is valid, and the client is disabled.' },
  workspace_suspended: {
    code: FAILED,
    means: 'The secret is valid, and the workspace of the client is suspended.',
  },
  state_changed: {
    code: FAILED,
    means: 'The client or its secret changed while the request was checked.',
  },
} as const satisfies Record<string, Reason>

/** Reasons of a refused registration access token (RFC 7592 §2). */
export const REGISTRATION_REASONS = {
  token_missing: { code: 'registration_invalid', means: 'The request has no bearer token.' },
  unknown_client: { code: 'registration_invalid', means: 'No client has this id.' },
  client_deleted: { code: 'registration_invalid', means: 'The client has been deleted.' },
  wrong_token: {
    code: 'registration_invalid',
    means: 'The client exists, and the token is not its current registration access token.',
  },
  client_disabled: { code: 'registration_invalid', means: 'The client is disabled.' },
  workspace_suspended: {
    code: 'registration_invalid',
    means: 'The workspace of the client is suspended.',
  },
  state_changed: {
    code: 'registration_invalid',
    means: 'The client or its token changed while the request was checked.',
  },
} as const satisfies Record<string, Reason>

/** Reasons of a refused enrollment token (RFC 7591 §3). */
export const ENROLLMENT_REASONS = {
  token_missing: { code: 'enrollment_missing', means: 'The request has no bearer token.' },
  unknown_enrollment: { code: 'enrollment_invalid', means: 'No enrollment has this token.' },
  enrollment_used: { code: 'enrollment_used', means: 'A client has been registered with it.' },
  enrollment_revoked: { code: 'enrollment_invalid', means: 'An administrator has revoked it.' },
  enrollment_expired: { code: 'enrollment_invalid', means: 'It has expired.' },
  workspace_suspended: { code: 'enrollment_invalid', means: 'Its workspace is suspended.' },
  maker_changed: {
    code: 'enrollment_invalid',
    means: 'The administrator who made it may not log in any more, or has lost a permission.',
  },
  plugin_disabled: {
    code: 'enrollment_invalid',
    means: 'A plugin of the client that it would become is disabled or deleted.',
  },
} as const satisfies Record<string, Reason>

/** Reasons for which introspection (RFC 7662 §2.2) answers `{ "active": false }`. */
export const INACTIVE_REASONS = {
  token_too_long: 'The token is longer than any that the server issues.',
  token_malformed: 'The text is no JWT in its canonical spelling.',
  token_untrusted: 'No published key of this server has signed it.',
  token_type_unexpected: 'The JWT is no access token: its typ is not at+jwt.',
  claims_malformed: 'The claims are not those of an access token.',
  issuer_mismatch: 'The token names another issuer.',
  token_expired: 'The token has expired.',
  token_issued_in_future: 'The token was issued at a time that has not come yet.',
  token_revoked: 'A rule of the revocation list matches it.',
  token_not_visible:
    'The token is active, belongs to another client, and the caller may not introspect its audience.',
} as const

/** Causes of `token_untrusted`, which an inspection by an administrator tells apart. */
export const UNTRUSTED_REASONS = {
  key_unknown:
    'No key of this server has its kid; a former key is deleted once its tokens expired.',
  key_revoked: 'The key of its kid has been revoked.',
  signature_invalid: 'A key of this server has its kid, and has not signed it.',
} as const

export type AuthenticationReason = keyof typeof AUTHENTICATION_REASONS
export type RegistrationReason = keyof typeof REGISTRATION_REASONS
export type EnrollmentReason = keyof typeof ENROLLMENT_REASONS
export type InactiveReason = keyof typeof INACTIVE_REASONS

/** Fields of the log line of a refusal, besides `level`, `time` and `msg`. */
export const LOG_FIELDS = {
  requestId: 'The X-Request-Id of the answer.',
  path: 'The path of the request, without secrets.',
  code: 'The code of the answer.',
  reason: 'The cause, where several share a code.',
  detail: 'The description in the answer.',
  clientId: 'The client that the request names, proven or not.',
  audience: 'The audience that the request names, or that its scope belongs to.',
  resource: 'The resource parameter (RFC 8707).',
  scope: 'The scope that the request names.',
  plugin: 'The plugin that the request names.',
  address: 'The address of the client, without trusted proxies.',
} as const

/**
 * Refuses a client authentication with the code of the reason, which goes to the log alone.
 * @param ways names of the parameters and headers that contradict each other
 */
export const authenticationRefused = (
  reason: AuthenticationReason,
  ways: readonly string[] = [],
): OAuthError => {
  const { code } = AUTHENTICATION_REASONS[reason]
  const challenge = { 'WWW-Authenticate': 'Basic realm="latchkey"' } // RFC 6749 §5.2
  const options = { reason, headers: OAUTH_ERRORS[code][0] === 401 ? challenge : {} }
  return ways.length === 0 ? new OAuthError(code, options) : refusedValue(code, ways, options)
}

/** Decides why a secret was refused from the state of its client; null for an unknown client. */
export const secretRefusal = (client: RefusedClient | null, now: number): AuthenticationReason => {
  if (client === null) return 'unknown_client'
  const { status, secret } = client
  if (status === 'deleted') return 'client_deleted'
  if (secret === null) return 'wrong_secret'
  if (secret.revokedAt !== null) return 'secret_revoked'
  if (secret.expiresAt !== null && secret.expiresAt <= now) return 'secret_expired'
  return stateRefusal(client)
}

/**
 * Decides why a registration access token was refused from the state of its client; null for an
 * unknown client.
 */
export const registrationRefusal = (client: RefusedClient | null): RegistrationReason => {
  if (client === null) return 'unknown_client'
  if (client.status === 'deleted') return 'client_deleted'
  if (!client.hasRegistrationToken) return 'wrong_token'
  return stateRefusal(client)
}

/** Decides why a client may not use its tokens; null for a client without a row. */
export const clientRefusal = (client: GrantedClient | null) =>
  client === null || client.status === 'deleted'
    ? 'client_deleted'
    : stateRefusal({ status: client.status, workspaceStatus: client.workspace?.status ?? null })

const stateRefusal = ({
  status,
  workspaceStatus,
}: Pick<RefusedClient, 'status' | 'workspaceStatus'>) => {
  if (status === 'disabled') return 'client_disabled'
  return workspaceStatus === 'suspended' ? 'workspace_suspended' : 'state_changed'
}
