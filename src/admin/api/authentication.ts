// Authentication of administrators: a bearer token for the audience of administration. The verifier of resource servers
// checks it, with the store itself as its source of keys and of revocations.
import {
  AccessDenied,
  KeysFailure,
  TokenInvalid,
  VerificationError,
  type VerifiedToken,
  type Verifier,
  VerifierUnavailable,
  bearerOf,
  createVerifier,
  noPlugin,
} from '@latchkey/verifier'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { ADMIN_AUDIENCE } from '../../constants.ts'
import { nowSeconds } from '../../clock.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { requestContext } from '../../http/request-context.ts'
import { mayLogIn } from '../../oauth/client-authentication.ts'
import { clientRefusal } from '../../oauth/reasons.ts'
import { storeRevocations } from '../../revocation/source.ts'
import { hidingSecret } from '../../text/redaction.ts'
import { publicJwks, publishedKeys } from '../../signing/keyring.ts'
import { type Authority, authorityOf } from '../authority.ts'
import type { AdminDeps } from '../operation.ts'

export type Caller = { actor: string; authority: Authority }

type AuthenticationDeps = AdminDeps & Pick<Deps, 'clientAddress'>

type Attempt = { action: string; target: string | null }

/**
 * Authenticates the caller and requires a permission; null accepts any token of the audience.
 * @throws VerificationError
 */
export type Authenticate = (
  c: AppContext,
  permission: string | null,
  attempt: Attempt,
) => Promise<Caller>

export const createAuthentication = (deps: AuthenticationDeps): Authenticate => {
  const currentVerifier = verifierOfStore(deps)

  return async (c, permission, attempt) => {
    const bearer = bearerOf(c.req.header('authorization'))
    const { verifier, kids } = await currentVerifier()
    const verify = (needed: string | null): Promise<VerifiedToken> =>
      verifier.verify(bearer, { permission: needed, plugin: noPlugin }).catch(refuseUnknownKey)
    const context = requestContext(c, deps)
    try {
      refuseUnknownKid(bearer, kids)
      const { clientId, permissions } = await verify(permission)
      logClient(c, clientId)
      const grantedClient = await deps.store.findGrantedClient(clientId)
      if (!mayLogIn(grantedClient)) {
        logClient(c, clientId, clientRefusal(grantedClient))
        throw new TokenInvalid('token_revoked')
      }
      return { actor: `client:${clientId}`, authority: authorityOf(grantedClient, permissions) }
    } catch (error) {
      if (error instanceof AccessDenied) {
        const { clientId } = await verify(null)
        logClient(c, clientId)
        const actor = `client:${clientId}`
        deps.audit.count({ ...context, ...attempt, actor, ...refusalOf(error) })
      } else if (error instanceof VerificationError && error.status === 401) {
        // Requests without a valid token are unlimited, so their target is not recorded.
        const event = { ...context, actor: 'unknown', action: attempt.action, target: null }
        deps.audit.count({ ...event, ...refusalOf(error) })
      }
      throw error
    }
  }
}

/** Names the administrator's client in the log line of a refusal, and why its token is refused although it is valid. */
const logClient = (c: AppContext, clientId: string, reason?: string): void =>
  c.set('requested', () => ({ fields: { clientId, reason }, hide: hidingSecret(null) }))

/**
 * Turns a failed key request into a refusal of the token: the verifier has all current keys of the store, so no request
 * could find another one.
 */
const refuseUnknownKey = (error: unknown): never => {
  const cause = error instanceof VerifierUnavailable ? error.cause : null
  const unknown = cause instanceof KeysFailure && cause.code === 'not_asked'
  throw unknown ? unknownKey({}) : error
}

const refusalOf = ({ code }: VerificationError) => ({ outcome: 'refused', reason: code }) as const

/**
 * Refuses an unpublished key before the verifier decodes 8 KB of claims and requests the key. An attacker without a
 * credential can send any number of such tokens.
 */
const refuseUnknownKid = (bearer: string | null, kids: ReadonlySet<string>): void => {
  const header = headerOf(bearer)
  if (header.kid !== undefined && !kids.has(header.kid)) throw unknownKey(header)
}

type Header = { kid?: string | undefined; alg?: string | undefined }

const unknownKey = ({ kid = '', alg = '' }: Header): TokenInvalid =>
  new TokenInvalid('token_untrusted', { reason: { kind: 'key_unknown', kid, algorithm: alg } })

/** Decodes the header of a token; empty for a token that the verifier refuses itself. */
const headerOf = (bearer: string | null): Header => {
  try {
    return bearer === null ? {} : decodeProtectedHeader(bearer)
  } catch {
    return {}
  }
}

type StoreVerifier = { verifier: Verifier; kids: ReadonlySet<string> }

/**
 * Returns a function that gives a verifier over the store's current keys. It makes a new one when the list of kids
 * changes: a kid is the key's thumbprint, so another key has another kid.
 */
const verifierOfStore = ({ store, issuer, algorithms, clock }: AuthenticationDeps) => {
  let cached: (StoreVerifier & { kidList: string }) | null = null
  return async (): Promise<StoreVerifier> => {
    const now = nowSeconds({ clock })
    const keys = publishedKeys(await store.listKeys(), now)
    const kids = keys.map(({ kid }) => kid)
    const kidList = kids.join(' ')
    if (cached?.kidList !== kidList) {
      const verifier = createVerifier({
        issuer,
        audience: ADMIN_AUDIENCE,
        algorithms,
        clock,
        clockTolerance: 0,
        plugins: 'none',
        revocations: storeRevocations(store),
        fetch: async () => Response.json(publicJwks(keys, now)),
      })
      cached = { kidList, kids: new Set(kids), verifier }
    }
    return cached
  }
}
