// Client authentication (RFC 6749 §2.3). Answers and timing are the same for an unknown client, a
// wrong secret, a disabled client and a suspended workspace.
import { MAX_CREDENTIAL_CHARS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { AppContext, Deps } from '../deps.ts'
import { requestContext } from '../http/request-context.ts'
import { equalInConstantTime, hashSecret, isClientId } from '../secret.ts'
import { hidingSecret } from '../text/redaction.ts'
import type { GrantedClient } from '../store/store.ts'
import { type Credentials, readCredentials, reasonOfNone } from './credentials.ts'
import type { Form } from './form-encoding.ts'
import {
  AUTHENTICATION_REASONS,
  type AuthenticationReason,
  authenticationRefused,
  secretRefusal,
} from './reasons.ts'
import { shownWithout } from './requested.ts'

export type AuthenticationDeps = Pick<
  Deps,
  'store' | 'clock' | 'log' | 'audit' | 'secretUsed' | 'clientAddress'
>

/**
 * Replaces the hash of a login that the store does not find: every attempt makes one comparison.
 */
const NO_SECRET = hashSecret('')

/**
 * Authenticates the client of a request. Returns it with all that it is granted.
 * @throws OAuthError `client_authentication_failed`, `client_authentication_ambiguous`,
 * `client_authentication_malformed`
 */
export const authenticateClient = async (
  form: Form,
  c: AppContext,
  deps: AuthenticationDeps,
): Promise<GrantedClient> => {
  const authorization = c.req.header('authorization') ?? null
  const credentials = readCredentials(form, authorization)
  const result =
    credentials === null ? reasonOfNone(form, authorization) : await login(credentials, deps)
  if (typeof result !== 'string') return result
  recordRefusal(result, credentials, c, deps)
  throw authenticationRefused(result)
}

/** Writes the log line, and counts the refusal in the audit. */
const recordRefusal = (
  reason: AuthenticationReason,
  credentials: Credentials | null,
  c: AppContext,
  deps: AuthenticationDeps,
): void => {
  const context = requestContext(c, deps)
  const clientId =
    credentials === null
      ? undefined
      : shownWithout(hidingSecret(credentials.secret))(credentials.clientId)
  deps.log.warn({ ...context, clientId, reason }, 'client authentication failed')
  deps.audit.count({
    ...context,
    actor: 'unknown',
    action: 'client.authenticate',
    target: auditableClientId(credentials),
    outcome: 'refused',
    reason: AUTHENTICATION_REASONS[reason].code,
  })
}

/**
 * Authenticates with a client id and a secret. Returns the client with all that it is granted, or
 * the reason.
 */
const login = async (
  { clientId, secret }: Credentials,
  deps: Pick<Deps, 'store' | 'clock' | 'secretUsed'>,
): Promise<GrantedClient | AuthenticationReason> => {
  if (clientId.length > MAX_CREDENTIAL_CHARS || secret.length > MAX_CREDENTIAL_CHARS) {
    return 'credentials_too_long'
  }
  const presented = hashSecret(secret)
  // The store searches by hash: a wrong secret is the same miss for every client id, known or
  // unknown.
  const login = await deps.store.findLogin(clientId, presented, nowSeconds(deps))
  const matches = equalInConstantTime(login?.hash ?? NO_SECRET, presented)
  if (login !== null && matches) {
    const client = await deps.store.findGrantedClient(clientId)
    // Check again: an administrator may have disabled the client between the two reads.
    if (mayLogIn(client)) {
      deps.secretUsed(login.id)
      return client
    }
  }
  // Read for the log after every refusal, so that the work does not tell the cause.
  return secretRefusal(await deps.store.explainRefusal(clientId, presented), nowSeconds(deps))
}

/** True for an active client that is in an active workspace or in none. */
export const mayLogIn = (client: GrantedClient | null): client is GrantedClient =>
  client?.status === 'active' && client.workspace?.status !== 'suspended'

/**
 * The sent client id, if it has the form of one: an attacker chooses the text, and the audit keeps
 * it for months.
 */
const auditableClientId = (credentials: Credentials | null): string | null =>
  credentials && isClientId(credentials.clientId) ? credentials.clientId : null
