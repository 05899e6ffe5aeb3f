// Signs and verifies with the keys of the store. Each signature reads from the store which key is active, so that a
// revoked key stops at once in every process. Only the imported key is cached, by its kid.
import type { JWTPayload } from 'jose'
import { MAX_CACHED_KEYS, MAX_VERIFIED_TOKENS } from '../constants.ts'
import { createLatest } from '../store/latest.ts'
import type { SigningKey, Store } from '../store/store.ts'
import { type Algorithm, isAlgorithm } from './algorithms.ts'
import type { Cryptography } from './cryptography.ts'
import { unwrap } from './wrapping.ts'

export type Signer = {
  /**
   * @returns a compact JWS with `alg`, `typ` and `kid`. @throws WrongKeyEncryptionKey, Unavailable
   */
  sign(payload: JWTPayload, options: SigningOptions): Promise<SignedToken>
  /** Signs a payload that is JSON already with RS256: a page of the revocation list has half a megabyte. */
  signText(payload: string, options: Omit<SigningOptions, 'algorithm'>): Promise<SignedToken>
  /** The key that signs now. @throws Unavailable */
  activeKid(algorithm: Algorithm): Promise<string | null>
  /**
   * The payload of a JWS that a published key has signed, else null. It does not check claims. The same token gives the
   * same object until MAX_VERIFIED_TOKENS others follow, so that a reader can keep what it has parsed.
   */
  verify(token: string): Promise<VerifiedToken | null>
}

/** `header`: further members of the protected header. */
type SigningOptions = { algorithm: Algorithm; typ: string; header?: Record<string, string> }

export type SignedToken = { token: string; kid: string }
export type VerifiedToken = { kid: string; typ: unknown; payload: Uint8Array }

type Deps = {
  store: Pick<Store, 'findActiveKey' | 'findPublishedKey'>
  kek: Uint8Array
  cryptography: Cryptography
  /** Milliseconds since the epoch. */
  clock: () => number
}

export const createSigner = ({ store, kek, cryptography, clock }: Deps): Signer => {
  const signers = keyCache(async ({ privateJwe, kid, algorithm }) =>
    cryptography.signerWith(await unwrap(privateJwe ?? '', kid, kek), algorithm),
  )
  const verified = createLatest<VerifiedToken>(MAX_VERIFIED_TOKENS)
  const verifiers = keyCache((key) => cryptography.verifierWith(key.publicJwk, key.algorithm))

  const signText = async (
    payload: string,
    { algorithm, typ, header: further }: SigningOptions,
  ): Promise<SignedToken> => {
    const key = await store.findActiveKey(algorithm)
    if (key === null) throw new Error(`no active key for ${algorithm}`)
    const { kid } = key
    const sign = await signers(key)
    const header = JSON.stringify({ ...further, alg: algorithm, typ, kid })
    const input = `${base64url(header)}.${base64url(payload)}`
    return { token: `${input}.${await sign(input)}`, kid }
  }

  return {
    sign: (payload, options) => signText(JSON.stringify(payload), options),

    signText: (payload, options) => signText(payload, { ...options, algorithm: 'RS256' }),

    activeKid: async (algorithm) => (await store.findActiveKey(algorithm))?.kid ?? null,

    async verify(token) {
      const header = protectedHeader(token)
      if (header === null) return null
      const key = await store.findPublishedKey(header.kid, Math.floor(clock() / 1000))
      if (key === null || key.algorithm !== header.alg) return null
      const known = verified.get(token)
      if (known !== undefined) return known
      const end = token.lastIndexOf('.')
      const input = token.slice(0, end)
      const signature = Buffer.from(token.slice(end + 1), 'base64url')
      const verify = await verifiers(key)
      if (!(await verify(input, signature))) return null
      const payload = Buffer.from(input.slice(input.indexOf('.') + 1), 'base64url')
      return verified.add(token, { kid: key.kid, typ: header.typ, payload })
    },
  }
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** Caches the latest MAX_CACHED_KEYS imported keys. A kid is the thumbprint of its key, so it identifies one key. */
const keyCache = <T>(load: (key: SigningKey) => Promise<T>) => {
  const cache = createLatest<Promise<T>>(MAX_CACHED_KEYS)
  return (key: SigningKey): Promise<T> => {
    const cached = cache.get(key.kid)
    if (cached !== undefined) return cached
    const loaded = load(key)
    loaded.catch(() => cache.delete(key.kid))
    return cache.add(key.kid, loaded)
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
