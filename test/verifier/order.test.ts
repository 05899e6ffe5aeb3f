// Order of the checks (design: Order of checks). For every two defects, a request with both gets
// the code of the one that is checked first.
import { describe, expect, test } from 'vitest'
import type { Requirements } from '../../src/verifier/token/requirements.ts'
import type { RevocationSource } from '../../src/verifier/revocation/source.ts'
import {
  CLAIMS,
  HEADER,
  KEY,
  NOW,
  OTHER_KEY,
  REQUIRED,
  RUN,
  type SigningKey,
  codeOf,
  forge,
  startVerifier,
} from './support.ts'

/** Request before it is sent, valid until a defect changes it. */
type Draft = {
  header: Record<string, unknown>
  payload: Record<string, unknown>
  /** Changes to the text of the payload, and to the text of the token. */
  rewrite: ((json: string) => string)[]
  respell: ((token: string) => string)[]
  key: SigningKey
  noToken: boolean
  keysDown: boolean
  wall: number
  revocations: RevocationSource['isRevoked']
  required: Requirements
}

const good = (): Draft => ({
  header: { ...HEADER },
  payload: { ...CLAIMS },
  rewrite: [],
  respell: [],
  key: KEY,
  noToken: false,
  keysDown: false,
  wall: NOW,
  revocations: () => false,
  required: {
    ...REQUIRED,
    run: { endpoint: '/v1/issues', operation: 'create' },
    capability: 'connector:slack',
  },
})

const send = (draft: Draft): Promise<string> => {
  const { header, payload, key, rewrite, respell, noToken } = draft
  const { server, verifier, time } = startVerifier({
    revocations: { isRevoked: draft.revocations },
  })
  time.wall = draft.wall
  if (draft.keysDown) server.answer = () => new Response(null, { status: 503 })
  const json = rewrite.reduce((text, change) => change(text), JSON.stringify(payload))
  const token = forge({ header, payload: json, key })
  const bearer = noToken ? null : respell.reduce((text, change) => change(text), token)
  return codeOf(verifier.verify(bearer, draft.required))
}

type Defect = {
  name: string
  code: string
  make: (draft: Draft) => void
  /** Later defects that exclude this one, with the reason. */
  apart?: Record<string, string>
}

const claim =
  (claims: object) =>
  ({ payload }: Draft): void =>
    void Object.assign(payload, claims)

const member =
  (members: object) =>
  ({ header }: Draft): void =>
    void Object.assign(header, members)

const run = (members: object) => (draft: Draft) => {
  const [details = RUN] = draft.payload['authorization_details'] as object[]
  draft.payload['authorization_details'] = [{ ...details, ...members }]
}

/**
 * Defects in the order of the checks. Defects with one code cannot be distinguished, and have any
 * order.
 */
const DEFECTS: readonly Defect[] = [
  { name: 'no token', code: 'token_missing', make: (d) => (d.noToken = true) },
  { name: 'too long', code: 'token_malformed', make: claim({ pad: 'x'.repeat(8192) }) },
  { name: 'four parts', code: 'token_malformed', make: (d) => d.respell.push((t) => `${t}.x`) },
  { name: 'padding', code: 'token_malformed', make: (d) => d.respell.push((t) => `${t}=`) },
  { name: 'crit', code: 'token_malformed', make: member({ crit: ['exp'] }) },
  { name: 'embedded key', code: 'token_malformed', make: member({ jwk: OTHER_KEY.jwk }) },
  {
    name: 'repeated member',
    code: 'token_malformed',
    make: (d) => d.rewrite.push((json) => json.replace('{', '{"x":1,"x":1,')),
  },
  {
    name: 'no exp',
    code: 'token_malformed',
    make: claim({ exp: undefined }),
    apart: { 'lives too long': 'its life is measured by exp' },
  },
  { name: 'no jti', code: 'token_malformed', make: claim({ jti: undefined }) },
  { name: 'lives too long', code: 'token_malformed', make: claim({ iat: NOW - 86_400 }) },
  { name: 'proof of possession', code: 'token_untrusted', make: claim({ cnf: { jkt: 'x' } }) },
  { name: 'other algorithm', code: 'token_untrusted', make: member({ alg: 'PS256' }) },
  { name: 'other type', code: 'token_untrusted', make: member({ typ: 'JWT' }) },
  {
    name: 'no kid',
    code: 'token_untrusted',
    make: member({ kid: undefined }),
    apart: { 'unknown kid': 'a kid is there or not' },
  },
  { name: 'keys down', code: 'keys_unavailable', make: (d) => (d.keysDown = true) },
  { name: 'unknown kid', code: 'token_untrusted', make: member({ kid: 'k9' }) },
  { name: 'wrong signature', code: 'token_untrusted', make: (d) => (d.key = OTHER_KEY) },
  { name: 'other issuer', code: 'token_untrusted', make: claim({ iss: 'https://evil.example' }) },
  { name: 'other audience', code: 'token_untrusted', make: claim({ aud: 'latchkey' }) },
  { name: 'expired', code: 'token_expired', make: (d) => (d.wall = NOW + 3600) },
  { name: 'not valid yet', code: 'token_not_yet_valid', make: claim({ nbf: NOW + 7200 }) },
  {
    name: 'revoked',
    code: 'token_revoked',
    make: (d) => (d.revocations = () => true),
    apart: { 'revocations unknown': 'a source answers or fails' },
  },
  {
    name: 'revocations unknown',
    code: 'revocations_stale',
    make: (d) => (d.revocations = () => Promise.reject(new Error('down'))),
  },
  { name: 'no permission', code: 'permission_missing', make: claim({ scope: 'hook:track' }) },
  { name: 'no plugin', code: 'plugin_missing', make: claim({ plugin_id: undefined }) },
  {
    name: 'other plugin',
    code: 'plugin_mismatch',
    make: (d) => (d.required = { ...d.required, plugin: 'other' }),
  },
  { name: 'other endpoint', code: 'endpoint_denied', make: run({ locations: ['/v1/users'] }) },
  { name: 'other operation', code: 'operation_denied', make: run({ actions: ['delete'] }) },
  { name: 'no capability', code: 'capability_missing', make: claim({ plugin_capabilities: [] }) },
]

test('request without a defect is accepted', async () => {
  expect(await send(good())).toBe('good')
})

describe.each(DEFECTS.map((defect, i) => ({ ...defect, later: DEFECTS.slice(i + 1) })))(
  'defect $name ($code)',
  ({ make, code, later, apart = {} }) => {
    test('gives its code alone', async () => {
      const draft = good()
      make(draft)
      expect(await send(draft)).toBe(code)
    })

    test('gives its code beside each defect that is checked later', async () => {
      const codes = later
        .filter(({ name }) => !(name in apart))
        .map(async (other) => {
          const draft = good()
          other.make(draft)
          make(draft)
          return [other.name, await send(draft)]
        })
      const expected = later.filter(({ name }) => !(name in apart)).map(({ name }) => [name, code])
      expect(await Promise.all(codes)).toEqual(expected)
    })
  },
)

test('defects exclude existing defects only', () => {
  const names = DEFECTS.map(({ name }) => name)
  const apart = DEFECTS.flatMap((defect) => Object.keys(defect.apart ?? {}))
  expect(apart.filter((name) => !names.includes(name))).toEqual([])
})
