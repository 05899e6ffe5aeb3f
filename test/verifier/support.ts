// Surroundings of a resource server: an issuer that signs anything, a key server with a script, and
// frozen clocks.
import { type KeyObject, type SignKeyObjectInput, generateKeyPairSync, sign } from 'node:crypto'
import type { Requirements } from '../../src/verifier/token/requirements.ts'
import { VerificationError } from '../../src/verifier/errors.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'

export const ISSUER = 'https://auth.example'
export const AUDIENCE = 'hook'
/** Seconds since the epoch. */
export const NOW = 1_800_000_000
export const LIFETIME = 900

export type SigningKey = { kid: string; jwk: object; publicKey: KeyObject; privateKey: KeyObject }

export const newKey = (kid: string, modulusLength = 2048): SigningKey => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return {
    kid,
    jwk: publicJwk(publicKey, { kid, alg: 'RS256', use: 'sig' }),
    publicKey,
    privateKey,
  }
}

export const publicJwk = (key: KeyObject, members: object): object => ({
  ...key.export({ format: 'jwk' }),
  ...members,
})

export const KEY = newKey('k1')
/** Key in no key set, unless a test adds it. */
export const OTHER_KEY = newKey('k2')

export const HEADER = { alg: 'RS256', typ: 'at+jwt', kid: KEY.kid }

export const RUN = {
  type: 'tool_run',
  identifier: 'run-1',
  project_id: 'project-1',
  locations: ['/v1/issues'],
  actions: ['create'],
}

export const CLAIMS = {
  iss: ISSUER,
  sub: 'lkc_1',
  client_id: 'lkc_1',
  client_gen: 1,
  aud: AUDIENCE,
  scope: 'hook:govern hook:track',
  iat: NOW,
  exp: NOW + LIFETIME,
  jti: 'jti-1',
  workspace_id: 'default',
  workspace_gen: 1,
  plugin_id: 'acme.sync',
  plugin_gen: 1,
  plugin_trust: 'restricted',
  plugin_capabilities: ['connector:slack'],
  authorization_details: [RUN],
}

export const REQUIRED: Requirements = { permission: 'hook:govern', plugin: 'acme.sync' }

/** Part of a token: an object is written as JSON, text and bytes are used unchanged. */
export type Raw = object | string | Uint8Array

const isBytes = (value: Raw): value is Uint8Array => value instanceof Uint8Array

export const base64url = (value: Raw): string =>
  isBytes(value)
    ? Buffer.from(value).toString('base64url')
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

type Forged = {
  header?: Raw
  payload?: Raw
  key?: { privateKey: KeyObject }
  /** Digest for node:crypto; null when the key determines it. */
  digest?: string | null
  options?: Omit<SignKeyObjectInput, 'key'>
}

/** Signs anything, so that a token has only the defect of its test. */
export const forge = ({
  header = HEADER,
  payload = CLAIMS,
  key = KEY,
  digest = 'sha256',
  options = {},
}: Forged = {}): string => {
  const input = `${base64url(header)}.${base64url(payload)}`
  const signature = sign(digest, Buffer.from(input), { key: key.privateKey, ...options })
  return `${input}.${base64url(signature)}`
}

/** Makes a valid token with other claims, or without those that are undefined. */
export const tokenWith = (claims: object = {}, header: object = {}): string =>
  forge({ header: { ...HEADER, ...header }, payload: { ...CLAIMS, ...claims } })

/**
 * Writes an object as JSON with one member replaced by text that JSON.stringify would not write.
 */
export const textWith = (object: object, member: string, text: string): string =>
  JSON.stringify({ ...object, [member]: undefined }).replace(/\}$/, `,${text}}`)

export const keySet = (keys: readonly object[], headers: Record<string, string> = {}): Response =>
  Response.json({ keys }, { headers: { 'cache-control': 'max-age=300', ...headers } })

/** Starts a key server that answers by its current `answer` and records the requests. */
export const keyServer = () => {
  const server = {
    answer: (): Response | Promise<Response> => keySet([KEY.jwk]),
    requests: [] as { url: string; init: RequestInit }[],
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      server.requests.push({ url, init })
      return await server.answer()
    },
    /** Returns the number of requests since the last call. */
    asked: (): number => server.requests.splice(0).length,
  }
  return server
}

export const startVerifier = (options: Partial<VerifierOptions> = {}) => {
  const server = keyServer()
  const time = { wall: NOW, monotonic: 0 }
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    revocations: 'none',
    fetch: server.fetch,
    clock: () => time.wall * 1000,
    monotonic: () => time.monotonic * 1000,
    ...options,
  })
  return {
    server,
    verifier,
    time,
    /** Lets seconds pass on both clocks. */
    pass: (seconds: number): void => {
      time.wall += seconds
      time.monotonic += seconds
    },
    check: (bearer: string | null, required: Requirements = REQUIRED): Promise<string> =>
      codeOf(verifier.verify(bearer, required)),
  }
}

/** Returns the code of a refusal, or `good`. Any other error fails the test. */
export const codeOf = async (verification: Promise<unknown>): Promise<string> => {
  try {
    await verification
    return 'good'
  } catch (error) {
    if (error instanceof VerificationError) return error.code
    throw error
  }
}
