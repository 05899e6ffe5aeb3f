// The verifier in a program that has replaced the global Promise, as libraries for tracing do: async functions still return
// promises of the runtime's own class.
import { type KeyObject, generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLAIMS,
  HEADER,
  KEY,
  base64url,
  forge,
  keySet,
  publicJwk,
  startVerifier,
} from './support.ts'

const own = globalThis.Promise

const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })

type Signing = { algorithm: 'RS256' | 'PS256' | 'ES256'; publicKey: KeyObject; bytes: number }
const SIGNINGS: readonly Signing[] = [
  { algorithm: 'RS256', publicKey: KEY.publicKey, bytes: 256 },
  { algorithm: 'PS256', publicKey: KEY.publicKey, bytes: 256 },
  { algorithm: 'ES256', publicKey: curve.publicKey, bytes: 64 },
]

const startWith = async ({ algorithm, publicKey }: Signing) => {
  const started = startVerifier({ algorithms: [algorithm] })
  const jwk = publicJwk(publicKey, { kid: HEADER.kid, alg: algorithm, use: 'sig' })
  started.server.answer = () => keySet([jwk])
  await started.verifier.ready()
  return started
}

describe('verifier beside another global Promise', () => {
  beforeAll(() => {
    globalThis.Promise = class TracedPromise<T> extends own<T> {} as PromiseConstructor
  })
  afterAll(() => {
    globalThis.Promise = own
  })

  it.each(SIGNINGS)('refuses random bytes as a signature: $algorithm', async (signing) => {
    const { check, verifier } = await startWith(signing)
    const header = { ...HEADER, alg: signing.algorithm }
    for (const length of [signing.bytes, signing.bytes - 1, 1]) {
      const signature = base64url(randomBytes(length))
      const forged = `${base64url(header)}.${base64url(CLAIMS)}.${signature}`
      expect(await check(forged)).toBe('token_untrusted')
    }
    expect(verifier.status().remembered.size).toBe(0)
  })

  it('accepts a good token before and after the keys are fetched', async () => {
    const { check } = startVerifier()
    expect(await check(forge())).toBe('good')
    expect(await check(forge())).toBe('good')
  })
})
