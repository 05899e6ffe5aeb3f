// Signs and verifies with the keys of the store. Which key is active is asked at every signature, so that a
// revoked key stops at once in every process; only the imported key is remembered, by its kid.
import {
  type CryptoKey,
  type JWTPayload,
  type JWTHeaderParameters,
  CompactSign,
  compactVerify,
  importJWK,
} from 'jose'
import { MAX_CACHED_KEYS } from '../constants.ts'
import type { SigningKey, Store } from '../store/store.ts'
import { type Algorithm, isAlgorithm } from './algorithms.ts'
import { unwrap } from './wrapping.ts'

export type Signer = {
  /**
   * @param options `header`: further members of the protected header
   * @returns a compact JWS with `alg`, `typ` and `kid`. @throws WrongKeyEncryptionKey, Unavailable
   */
  sign(
    payload: JWTPayload,
    options: { algorithm: Algorithm; typ: string; header?: Record<string, string> },
  ): Promise<SignedToken>
  /** The payload of a JWS that one of the published keys has signed, else null. Claims are not looked at. */
  verify(token: string): Promise<VerifiedToken | null>
}

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

  return {
    async sign(payload, { algorithm, typ, header: further }) {
      const key = await store.findActiveKey(algorithm)
      if (key === null) throw new Error(`no active key for ${algorithm}`)
      const header: JWTHeaderParameters = { ...further, alg: algorithm, typ, kid: key.kid }
      const token = await new CompactSign(UTF8.encode(JSON.stringify(payload)))
        .setProtectedHeader(header)
        .sign(await privateKeys(key))
      return { token, kid: key.kid }
    },

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

const importKey = async (jwk: Record<string, unknown>, algorithm: Algorithm): Promise<CryptoKey> =>
  (await importJWK(jwk, algorithm)) as CryptoKey

/** Remembers imported keys, the latest few: a key's kid is its thumbprint, so it never means another key. */
const keyCache = (load: (key: SigningKey) => Promise<CryptoKey>) => {
  const cache = new Map<string, Promise<CryptoKey>>()
  return (key: SigningKey): Promise<CryptoKey> => {
    const known = cache.get(key.kid)
    if (known !== undefined) return known
    const loaded = load(key)
    loaded.catch(() => cache.delete(key.kid))
    cache.set(key.kid, loaded)
    const [oldest] = cache.keys()
    if (cache.size > MAX_CACHED_KEYS && oldest !== undefined) cache.delete(oldest)
    return loaded
  }
}

type Header = { alg: Algorithm; kid: string; typ: unknown }

/** The header, where it has an algorithm and a kid that could be ours. */
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
