// Who asks: a bearer token for the audience of administration, checked by the verifier that resource servers
// use, with the store itself as its source of keys and of revocations.
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
import { decodeProtectedHeader } from 'jose'
import { ADMIN_AUDIENCE } from '../../constants.ts'
import { nowSeconds } from '../../clock.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { mayLogIn } from '../../oauth/client-authentication.ts'
import { storeRevocations } from '../../revocation/source.ts'
import { hidingSecret } from '../../text/shown.ts'
import { publicJwks, publishedKeys } from '../../signing/keyring.ts'
import { type Authority, authorityOf } from '../authority.ts'
import type { AdminDeps } from '../operation.ts'

export type Caller = { actor: string; authority: Authority }

type CallerDeps = AdminDeps & Pick<Deps, 'clientAddress'>

type Attempt = { action: string; target: string | null }

/**
 * Says who asks, and that they have the permission; null for any token of the audience.
 * @throws VerificationError
 */
export const createCallers = (deps: CallerDeps) => {
  const currentVerifier = verifierOfStore(deps)

  return async (c: AppContext, permission: string | null, attempt: Attempt): Promise<Caller> => {
    const bearer = bearerOf(c.req.header('authorization'))
    const { verifier, kids } = await currentVerifier()
    const verify = (needed: string | null): Promise<VerifiedToken> =>
      verifier.verify(bearer, { permission: needed, plugin: noPlugin }).catch(refuseUnknownKey)
    const context = { requestId: c.get('requestId'), address: deps.clientAddress(c) }
    try {
      refuseUnknownKid(bearer, kids)
      const { clientId, permissions } = await verify(permission)
      logClient(c, clientId)
      const subject = await deps.store.findGrantedClient(clientId)
      if (!mayLogIn(subject)) throw new TokenInvalid('token_revoked')
      return { actor: `client:${clientId}`, authority: authorityOf(subject, permissions) }
    } catch (error) {
      if (error instanceof AccessDenied) {
        const { clientId } = await verify(null)
        logClient(c, clientId)
        const actor = `client:${clientId}`
        deps.audit.count({ ...context, ...attempt, actor, ...refusedBecause(error) })
      } else if (error instanceof VerificationError && error.status === 401) {
        // Anyone can cause these, so what they name is not kept.
        const event = { ...context, actor: 'unknown', action: attempt.action, target: null }
        deps.audit.count({ ...event, ...refusedBecause(error) })
      }
      throw error
    }
  }
}

/** The log line of a refusal names the administrator's client. */
const logClient = (c: AppContext, clientId: string): void =>
  c.set('asked', () => ({ fields: { clientId }, hide: hidingSecret(null) }))

/** The verifier has the keys of the store as they are now: there is no new one that it could ask for. */
const refuseUnknownKey = (error: unknown): never => {
  const cause = error instanceof VerifierUnavailable ? error.cause : null
  const unknown = cause instanceof KeysFailure && cause.code === 'not_asked'
  throw unknown ? new TokenInvalid('token_untrusted') : error
}

const refusedBecause = ({ code }: VerificationError) =>
  ({ outcome: 'refused', reason: code }) as const

/**
 * Refuses a key that is not published before the verifier decodes 8 KB of claims and asks for the key: strangers make such
 * tokens as fast as they can.
 */
const refuseUnknownKid = (bearer: string | null, kids: ReadonlySet<string>): void => {
  const kid = kidOf(bearer)
  if (kid !== undefined && !kids.has(kid)) throw new TokenInvalid('token_untrusted')
}

/** Reads the kid of a token; undefined for anything that the verifier has to refuse itself. */
const kidOf = (bearer: string | null): string | undefined => {
  try {
    return bearer === null ? undefined : decodeProtectedHeader(bearer).kid
  } catch {
    return undefined
  }
}

type Current = { verifier: Verifier; kids: ReadonlySet<string> }

/** A verifier over the keys as they are now: a kid is a thumbprint, so other keys have other kids. */
const verifierOfStore = ({ store, issuer, algorithms, clock }: CallerDeps) => {
  let known: (Current & { name: string }) | null = null
  return async (): Promise<Current> => {
    const now = nowSeconds({ clock })
    const keys = publishedKeys(await store.listKeys(), now)
    const kids = keys.map(({ kid }) => kid)
    const name = kids.join(' ')
    if (known?.name !== name) {
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
      known = { name, kids: new Set(kids), verifier }
    }
    return known
  }
}
