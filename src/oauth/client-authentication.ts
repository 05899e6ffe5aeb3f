// Client authentication (RFC 6749 §2.3): an unknown client, a wrong secret, a disabled client and a suspended
// workspace look alike in every way, time included.
import { MAX_CREDENTIAL_CHARS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { AppContext, Deps } from '../deps.ts'
import { OAuthError } from '../errors.ts'
import { equalInConstantTime, hashSecret, isClientId } from '../secret.ts'
import { hidingSecret } from '../text/shown.ts'
import type { GrantedClient } from '../store/store.ts'
import { shownWithout } from './requested.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import type { Form } from './form-encoding.ts'

export type AuthenticationDeps = Pick<
  Deps,
  'store' | 'clock' | 'log' | 'audit' | 'secretUsed' | 'clientAddress'
>

/** Compared with the presented hash where the store finds no login, so that every attempt compares once. */
const NO_SECRET = hashSecret('')

/**
 * The client that the request proves to be, with all that it is granted.
 * @throws OAuthError `client_authentication_failed`, `client_authentication_ambiguous`, `client_authentication_malformed`
 */
export const authenticateClient = async (
  form: Form,
  c: AppContext,
  deps: AuthenticationDeps,
): Promise<GrantedClient> => {
  const credentials = readCredentials(form, c.req.header('authorization') ?? null)
  const subject = credentials && (await login(credentials, deps))
  if (subject) return subject
  const [requestId, address] = [c.get('requestId'), deps.clientAddress(c)]
  const clientId = auditableClientId(credentials)
  const shown =
    credentials === null
      ? undefined
      : shownWithout(hidingSecret(credentials.secret))(credentials.clientId)
  deps.log.warn({ requestId, clientId: shown, address }, 'client authentication failed')
  deps.audit.count({
    actor: 'unknown',
    action: 'client.authenticate',
    target: clientId ?? null,
    outcome: 'refused',
    reason: 'client_authentication_failed',
    requestId,
    address,
  })
  throw new OAuthError('client_authentication_failed', {
    'WWW-Authenticate': 'Basic realm="latchkey"',
  })
}

const login = async (
  { clientId, secret }: Credentials,
  deps: Pick<Deps, 'store' | 'clock' | 'secretUsed'>,
): Promise<GrantedClient | null> => {
  if (clientId.length > MAX_CREDENTIAL_CHARS || secret.length > MAX_CREDENTIAL_CHARS) return null
  const presented = hashSecret(secret)
  // The store searches by hash: a wrong secret is the same miss for every client id, known or unknown.
  const login = await deps.store.findLogin(clientId, presented, nowSeconds(deps))
  const matches = equalInConstantTime(login?.hash ?? NO_SECRET, presented)
  if (login === null || !matches) return null
  const subject = await deps.store.findGrantedClient(clientId)
  // Again, because it may have been disabled between the two reads.
  if (!mayLogIn(subject)) return null
  deps.secretUsed(login.id)
  return subject
}

/** Neither unknown, disabled nor deleted, nor in a workspace that is suspended. */
export const mayLogIn = (subject: GrantedClient | null): subject is GrantedClient =>
  subject?.status === 'active' && subject.workspace?.status !== 'suspended'

/** Only what has the form of a client id: the audit keeps it for long, and an attacker chooses it. */
const auditableClientId = (credentials: Credentials | null): string | undefined =>
  credentials && isClientId(credentials.clientId) ? credentials.clientId : undefined
