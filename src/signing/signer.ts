// Signs and verifies with the keys of the store. Each signature reads from the store which key is active, so that a
// revoked key stops at once in every process. Only the imported key is cached, by its kid.
import type { CryptoKey, JWTPayload, JWTHeaderParameters } from 'jose'
import { CompactSign } from 'jose/jws/compact/sign'
import { compactVerify } from 'jose/jws/compact/verify'
import { importJWK } from 'jose/key/import'
import { MAX_CACHED_KEYS } from '../constants.ts'
import type { SigningKey, Store } from '../store/store.ts'
import { type Algorithm, isAlgorithm } from './algorithms.ts'
import { unwrap } from './wrapping.ts'

export type Signer = {
  /**
   * @returns a compact JWS with `alg`, `typ` and `kid`. @throws WrongKeyEncryptionKey, Unavailable
   */
  sign(payload: JWTPayload, options: SigningOptions): Promise<SignedToken>
  /**
   * Signs a long payload with RS256. The platform encodes and signs the text: for a page of the revocation list (half a
   * megabyte) jose needs ten times as long, on the thread that serves requests.
   * @param payload JSON
   */
  signText(payload: string, options: Omit<SigningOptions, 'algorithm'>): Promise<SignedToken>
  /** The key that signs now. @throws Unavailable */
  activeKid(algorithm: Algorithm): Promise<string | null>
  /** The payload of a JWS that a published key has signed, else null. It does not check claims. */
  verify(token: string): Promise<VerifiedToken | null>
}

/** `header`: further members of the protected header. */
type SigningOptions = { algorithm: Algorithm; typ: string; header?: Record<string, string> }

export type SignedToken = { token: string; kid: string }
export type VerifiedToken = { kid: string; typ: unknown; payload: Uint8Array }

type Deps = {
  store: Pick<Store, 'findActiveKey' | 'findPublishedKey'>
  kek: Uint8Array
  /** Milliseconds since the epoch. */
  clock: () => number
}

const UTF8 = new TextEncoder()

export const createSigner = ({ store, kek, clock }: Deps): Signer => {
  const privateKeys = keyCache((key) =>
    unwrap(key.privateJwe ?? '', key.kid, kek).then((jwk) => importKey(jwk, key.algorithm)),
  )
  const publicKeys = keyCache((key) => importKey(key.publicJwk, key.algorithm))

  const activeKey = async (algorithm: Algorithm): Promise<SigningKey> => {
    const key = await store.findActiveKey(algorithm)
    if (key === null) throw new Error(`no active key for ${algorithm}`)
    return key
  }

  return {
    async sign(payload, { algorithm, typ, header: further }) {
      const key = await activeKey(algorithm)
      const header: JWTHeaderParameters = { ...further, alg: algorithm, typ, kid: key.kid }
      const token = await new CompactSign(UTF8.encode(JSON.stringify(payload)))
        .setProtectedHeader(header)
        .sign(await privateKeys(key))
      return { token, kid: key.kid }
    },

    async signText(payload, { typ, header: further }) {
      const key = await activeKey('RS256')
      const header = JSON.stringify({ ...further, alg: 'RS256', typ, kid: key.kid })
      const input = `${base64url(header)}.${base64url(payload)}`
      const name = 'RSASSA-PKCS1-v1_5' // RFC 7518 §3.3
      const bytes = await crypto.subtle.sign(name, await privateKeys(key), Buffer.from(input))
      return { token: `${input}.${Buffer.from(bytes).toString('base64url')}`, kid: key.kid }
    },

    activeKid: async (algorithm) => (await store.findActiveKey(algorithm))?.kid ?? null,

    async verify(token) {
      const header = protectedHeader(token)
      if (header === null) return null
      const key = await store.findPublishedKey(header.kid, Math.floor(clock() / 1000))
      if (key === null || key.algorithm !== header.alg) return null
      try {
        const { payload } = await compactVerify(token, await publicKeys(key), {
          algorithms: [key.algorithm],
        })
        return { kid: key.kid, typ: header.typ, payload }
      } catch {
        return null
      }
    },
  }
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

const importKey = async (jwk: Record<string, unknown>, algorithm: Algorithm): Promise<CryptoKey> =>
  (await importJWK(jwk, algorithm)) as CryptoKey

/** Caches the latest MAX_CACHED_KEYS imported keys. A kid is the thumbprint of its key, so it identifies one key. */
const keyCache = (load: (key: SigningKey) => Promise<CryptoKey>) => {
  const cache = new Map<string, Promise<CryptoKey>>()
  return (key: SigningKey): Promise<CryptoKey> => {
    const cached = cache.get(key.kid)
    if (cached !== undefined) return cached
    const loaded = load(key)
    loaded.catch(() => cache.delete(key.kid))
    cache.set(key.kid, loaded)
    const [oldest] = cache.keys()
    if (cache.size > MAX_CACHED_KEYS && oldest !== undefined) cache.delete(oldest)
    return loaded
  }
}

type Header = { alg: Algorithm; kid: string; typ: unknown }

/** The protected header; null where it has no algorithm of this server, or no kid. */
const protectedHeader = (token: string): Header | null => {
  try {
    const text = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()
    const header = JSON.parse(text) as Record<string, unknown> | null
    if (header === null || typeof header !== 'object') return null
    const { alg, kid, typ } = header
    if (typeof alg !== 'string' || !isAlgorithm(alg) || typeof kid !== 'string') return null
    return { alg, kid, typ }
  } catch {
    return null
  }
}
