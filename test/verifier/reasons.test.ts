// Reasons of refusals: one for each failed check, for the resource server's log, and never for the client.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorWithCode, refusal } from '../../src/verifier/errors.ts'
import {
  type Requirements,
  TokenInvalid,
  VerificationError,
  type VerificationReason,
  type Verifier,
  type WantedAuthorization,
  anyPlugin,
  authorizationChallenge,
  errorResponse,
  noPlugin,
} from '../../src/verifier/index.ts'
import { CODE_OF_REASON } from '../../src/verifier/reasons.ts'
import { runValue, workspaceValue } from '../../src/verifier/revocation/revocable-token.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { ADAPTERS, type Started, bearer, request } from './adapters.ts'
import { type Entry, following, page, startFollowing } from './lists.ts'
import {
  AUDIENCE,
  CLAIMS,
  HEADER,
  ISSUER,
  KEY,
  LIFETIME,
  NOW,
  OTHER_KEY,
  REQUIRED,
  RUN,
  forge,
  startVerifier,
  textWith,
  tokenWith,
} from './support.ts'

type Kind = Exclude<VerificationReason['kind'], 'unspecified'>

const refusalOf = async (verification: Promise<unknown>): Promise<VerificationError> => {
  const error: unknown = await verification.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof VerificationError)) throw new Error('not refused', { cause: error })
  return error
}

const verify = (
  token: string | null,
  required: Requirements = REQUIRED,
  options: Partial<VerifierOptions> = {},
) => refusalOf(startVerifier(options).verifier.verify(token, required))

const verifyWithList = async (entries: Entry[]) => {
  const { verifier } = await following(entries)
  const error = await refusalOf(verifier.verify(forge(), REQUIRED))
  verifier.close()
  return error
}

const authorize = async (details: object[], wanted: WantedAuthorization) => {
  const { verifier } = startVerifier()
  const token = await verifier.verify(tokenWith({ authorization_details: details }), REQUIRED)
  return refusalOf(Promise.resolve().then(() => verifier.authorize(token, wanted)))
}

const WANTED = { type: 'doc', identifier: 'd1', action: 'read', part: 'p1' }
const DETAIL = { type: 'doc', identifier: 'd1', actions: ['read'], parts: ['p1'] }
const TIME = { now: NOW, tolerance: 5 }
const TYPES = ['at+jwt', 'application/at+jwt']
const [, PAYLOAD = '', SIGNATURE = ''] = forge().split('.')

type Case = { refuse: () => Promise<VerificationError>; facts: object }

/** One refusal of each kind. A kind without a row does not compile. */
const CASES: { readonly [K in Kind]: Case } = {
  token_missing: { refuse: () => verify(''), facts: {} },
  token_not_text: { refuse: () => verify(5 as unknown as string), facts: {} },
  token_too_long: { refuse: () => verify('x'.repeat(8193)), facts: { length: 8193, max: 8192 } },
  not_a_jws: { refuse: () => verify('a.b'), facts: { parts: 2 } },
  part_malformed: {
    refuse: () => verify(`${forge().split('.')[0]}.%.${SIGNATURE}`),
    facts: { part: 'payload' },
  },
  json_malformed: {
    refuse: () => verify(forge({ payload: textWith(CLAIMS, 'sub', '"sub":"a","sub":"b"') })),
    facts: { part: 'payload' },
  },
  header_member_refused: {
    refuse: () => verify(tokenWith({}, { jwk: {} })),
    facts: { member: 'jwk' },
  },
  claim_malformed: { refuse: () => verify(tokenWith({ sub: 5 })), facts: { claim: 'sub' } },
  lifetime_too_long: {
    refuse: () => verify(tokenWith({ exp: NOW + 86_401 })),
    facts: { lifetime: 86_401, max: 86_400 },
  },
  proof_of_possession_required: { refuse: () => verify(tokenWith({ cnf: {} })), facts: {} },
  algorithm_not_allowed: {
    refuse: () => verify(tokenWith({}, { alg: 'HS256' })),
    facts: { expected: ['RS256'], actual: 'HS256' },
  },
  type_unexpected: {
    refuse: () => verify(tokenWith({}, { typ: 'JWT' })),
    facts: { expected: TYPES, actual: 'JWT' },
  },
  key_id_missing: { refuse: () => verify(tokenWith({}, { kid: undefined })), facts: {} },
  key_unknown: {
    refuse: () => verify(tokenWith({}, { kid: 'k9' })),
    facts: { kid: 'k9', algorithm: 'RS256' },
  },
  signature_invalid: {
    refuse: () => verify(forge({ key: OTHER_KEY })),
    facts: { kid: 'k1', algorithm: 'RS256' },
  },
  issuer_mismatch: {
    refuse: () => verify(tokenWith({ iss: 'https://other.example' })),
    facts: { expected: ISSUER, actual: 'https://other.example' },
  },
  audience_mismatch: {
    refuse: () => verify(tokenWith({ aud: ['hook', 'other'] })),
    facts: { expected: AUDIENCE, actual: '["hook","other"]' },
  },
  expired: {
    refuse: () => verify(tokenWith({ iat: NOW - 60, exp: NOW - 6 })),
    facts: { expiresAt: NOW - 6, ...TIME },
  },
  expired_by_list: {
    refuse: async () => {
      const { verifier, server } = startFollowing()
      await server.answer(page({ full: true, iat: NOW + 200 }))
      await verifier.ready()
      const error = await refusalOf(verifier.verify(tokenWith({ exp: NOW + 100 }), REQUIRED))
      verifier.close()
      return error
    },
    facts: { expiresAt: NOW + 100, droppedBefore: NOW + 140 },
  },
  issued_in_future: {
    refuse: () => verify(tokenWith({ iat: NOW + 6 })),
    facts: { issuedAt: NOW + 6, ...TIME },
  },
  not_yet_valid: {
    refuse: () => verify(tokenWith({ nbf: NOW + 6 })),
    facts: { notBefore: NOW + 6, ...TIME },
  },
  jti_revoked: {
    refuse: () => verifyWithList([{ kind: 'jti', value: 'jti-1' }]),
    facts: { rule: 'jti-1' },
  },
  run_revoked: {
    refuse: async () =>
      verifyWithList([{ kind: 'run', value: await runValue('default', 'run-1') }]),
    facts: { rule: await runValue('default', 'run-1') },
  },
  client_revoked: {
    refuse: () => verifyWithList([{ kind: 'client', value: 'lkc_1', gen: 2 }]),
    facts: { rule: 'lkc_1' },
  },
  plugin_revoked: {
    refuse: () => verifyWithList([{ kind: 'plugin', value: 'acme.sync', gen: 2 }]),
    facts: { rule: 'acme.sync' },
  },
  workspace_revoked: {
    refuse: async () =>
      verifyWithList([{ kind: 'workspace', value: await workspaceValue('default'), gen: 2 }]),
    facts: { rule: await workspaceValue('default') },
  },
  key_revoked: {
    refuse: async () => {
      const { verifier, server } = startFollowing()
      server.keys = [KEY.jwk, OTHER_KEY.jwk]
      const entries = [{ kind: 'key', value: KEY.kid, exp: null }]
      await server.answer(page({ full: true, key: OTHER_KEY, entries }))
      await verifier.ready()
      const error = await refusalOf(verifier.verify(forge(), REQUIRED))
      verifier.close()
      return error
    },
    facts: { rule: 'k1' },
  },
  revoked_by_source: {
    refuse: () => verify(forge(), REQUIRED, { revocations: { isRevoked: () => true } }),
    facts: {},
  },
  permission_missing: {
    refuse: () => verify(forge(), { ...REQUIRED, permission: 'hook:admin' }),
    facts: { expected: 'hook:admin', actual: 'hook:govern hook:track' },
  },
  plugin_missing: {
    refuse: () => verify(tokenWith({ plugin_id: undefined })),
    facts: { expected: 'acme.sync' },
  },
  plugin_mismatch: {
    refuse: () => verify(forge(), { ...REQUIRED, plugin: null }),
    facts: { expected: null, actual: 'acme.sync' },
  },
  plugin_unexpected: {
    refuse: () => verify(forge(), { ...REQUIRED, plugin: noPlugin }),
    facts: { actual: 'acme.sync' },
  },
  endpoint_denied: {
    refuse: () => verify(forge(), { ...REQUIRED, run: { endpoint: '/x', operation: 'create' } }),
    facts: { endpoint: '/x', runs: 1 },
  },
  operation_denied: {
    refuse: () =>
      verify(forge(), { ...REQUIRED, run: { endpoint: '/v1/issues', operation: 'delete' } }),
    facts: { endpoint: '/v1/issues', operation: 'delete' },
  },
  capability_missing: {
    refuse: () => verify(forge(), { ...REQUIRED, capability: 'connector:mail' }),
    facts: { capability: 'connector:mail', plugin: 'acme.sync' },
  },
  authorization_denied: {
    refuse: () => authorize([{ ...DETAIL, actions: ['write'] }], WANTED),
    facts: { ...WANTED, missing: 'action' },
  },
  authorization_ambiguous: {
    refuse: () => authorize([DETAIL, DETAIL], { ...WANTED, part: undefined }),
    facts: { ...WANTED, part: null, fitting: 2 },
  },
  keys_unavailable: {
    refuse: () => {
      const { verifier, server } = startVerifier()
      server.answer = () => new Response(null, { status: 500 })
      return refusalOf(verifier.verify(forge(), REQUIRED))
    },
    facts: { failure: 'http_status' },
  },
  list_stale: {
    refuse: async () => {
      const { verifier, pass } = await following()
      const authenticated = verifier.verify(forge(), REQUIRED)
      await authenticated
      pass(301)
      verifier.close() // tokens do not wait for a newer list
      return refusalOf(verifier.verify(forge(), REQUIRED))
    },
    facts: { age: 301, maxStaleness: 300 },
  },
  source_failed: {
    refuse: () =>
      verify(forge(), REQUIRED, { revocations: { isRevoked: () => Promise.reject(new Error()) } }),
    facts: {},
  },
}

const KINDS = Object.keys(CASES) as Kind[]

test.each(KINDS)('refusal of kind %s has its facts and its code', async (kind) => {
  const { refuse, facts } = CASES[kind]
  const error = await refuse()
  expect(error.reason).toEqual({ kind, ...facts })
  expect(error.code).toBe(CODE_OF_REASON[kind])
})

test.each([
  ['type', [RUN]],
  ['identifier', [{ ...DETAIL, identifier: 'd2' }]],
  ['action', [{ ...DETAIL, actions: [] }]],
  ['part', [{ ...DETAIL, parts: ['p2'] }]],
])(
  'denied authorization names the first member that is not granted: %s',
  async (missing, details) => {
    expect((await authorize(details, WANTED)).reason).toMatchObject({ missing })
  },
)

test.each([
  ['header', `%.${PAYLOAD}.${SIGNATURE}`],
  ['header', `é.${PAYLOAD}.${SIGNATURE}`],
  ['payload', `${forge().split('.')[0]}.A.${SIGNATURE}`],
  ['signature', `${forge().split('.')[0]}.${PAYLOAD}.`],
  ['signature', `${forge()}=`],
])('malformed part is named: %s of %s', async (part, token) => {
  expect((await verify(token)).reason).toEqual({ kind: 'part_malformed', part })
})

test('every code has a reason', async () => {
  const { CODES } = await import('../../src/verifier/codes.ts')
  expect([...new Set(Object.values(CODE_OF_REASON))].toSorted()).toEqual(
    Object.keys(CODES).toSorted(),
  )
})

const MARK = 'never-for-the-client'

/** The reason of a kind with a mark in each of its texts. */
const marked = (kind: Kind): Exclude<VerificationReason, { kind: 'unspecified' }> => {
  const facts = Object.entries(CASES[kind].facts).map(([name, value]) => [
    name,
    typeof value === 'number' ? 4_242_424_242 : Array.isArray(value) ? [MARK] : MARK,
  ])
  return { kind, ...Object.fromEntries(facts) } as ReturnType<typeof marked>
}

/** Status, headers and body of an answer. */
const textOf = async (response: Response): Promise<string> =>
  JSON.stringify([response.status, [...response.headers], await response.text()])

const refusing = (error: Error): Started =>
  ({ verifier: { verify: () => Promise.reject(error) } as Partial<Verifier> }) as Started

describe.each(Object.entries(ADAPTERS))('%s adapter', (_, adapter) => {
  test.each(KINDS)('does not send the reason %s to the client', async (kind) => {
    const sent = () => request(bearer('x'))
    const refused = await textOf(await adapter(refusing(refusal(marked(kind))), {})(sent()))
    expect(refused).not.toContain(MARK)
    expect(refused).not.toContain('4242424242')
    const plain = errorWithCode(CODE_OF_REASON[kind])
    expect(refused).toBe(await textOf(await adapter(refusing(plain), {})(sent())))
  })
})

test.each(KINDS)(
  'errorResponse and authorizationChallenge do not send the reason %s',
  async (kind) => {
    const error = refusal(marked(kind))
    const plain = errorWithCode(CODE_OF_REASON[kind])
    expect(authorizationChallenge(error, 'a')).toEqual(authorizationChallenge(plain, 'a'))
    expect(await textOf(errorResponse(error, 'a'))).toBe(await textOf(errorResponse(plain, 'a')))
  },
)

test('reason is not a part of the error when it is written as JSON or copied', () => {
  const error = refusal({ kind: 'key_unknown', kid: MARK, algorithm: 'RS256' })
  expect(error.reason).toEqual({ kind: 'key_unknown', kid: MARK, algorithm: 'RS256' })
  expect(JSON.stringify(error)).not.toContain(MARK)
  expect(JSON.stringify(Object.assign({}, error))).not.toContain(MARK)
  expect(Object.keys(error)).not.toContain('reason')
  expect(`${error}${error.stack}`).not.toContain(MARK)
})

test('reason cannot be changed', () => {
  const error = refusal({ kind: 'algorithm_not_allowed', expected: ['RS256'], actual: null })
  expect(() => Object.assign(error, { reason: {} })).toThrow(TypeError)
  expect(() => Object.assign(error.reason, { actual: 'x' })).toThrow(TypeError)
  expect(Object.isFrozen((error.reason as { expected: unknown }).expected)).toBe(true)
})

test('error of the application has the reason that it states, or none', () => {
  expect(new TokenInvalid('token_revoked').reason).toEqual({ kind: 'unspecified' })
  const reason = { kind: 'revoked_by_source' } as const
  expect(new TokenInvalid('token_revoked', { reason }).reason).toEqual(reason)
})

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2_000 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('\0', '\n', '\u202e', '\ud800', '😀', 'a', '.', 'ey') }),
)

test('texts of a reason are bounded and have no control characters', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const errors = [
        await verify(tokenWith({}, { alg: text })),
        await verify(tokenWith({}, { typ: text })),
        await verify(tokenWith({}, { kid: `k${text}` })),
        await verify(tokenWith({}, { [`x5${text.replaceAll(/\s/g, ' ')}`]: 1 })),
        await verify(tokenWith({ iss: `x${text}` })),
        await verify(tokenWith({ aud: [text, { text }] })),
        await verify(forge(), { ...REQUIRED, plugin: `x${text}` }),
        await verify(forge(), { ...REQUIRED, capability: `x${text}` }),
        await verify(forge(), { ...REQUIRED, run: { endpoint: `x${text}`, operation: 'x' } }),
        await authorize([], { ...WANTED, identifier: `x${text}`, part: `x${text}` }),
      ]
      for (const { reason } of errors) {
        for (const shown of textsOf(reason)) {
          expect(shown.length).toBeLessThanOrEqual(256)
          expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
        }
      }
    }),
    { numRuns: 60 },
  )
})

/** Tokens with one defect each, and one without. */
const anyToken = fc
  .record({
    header: fc.constantFrom<object>(
      {},
      { alg: 'none' },
      { typ: 'JWT' },
      { kid: 'k9' },
      { kid: '' },
    ),
    claims: fc.constantFrom<object>(
      {},
      { aud: 'other' },
      { iss: 'https://other.example' },
      { exp: 1 },
      { iat: NOW + LIFETIME },
      { scope: '' },
      { plugin_id: 'other' },
      { sub: 5 },
    ),
    jti: fc.uuid(),
    key: fc.constantFrom(KEY, OTHER_KEY),
  })
  .map(({ header, claims, jti, key }) =>
    forge({ header: { ...HEADER, ...header }, payload: { ...CLAIMS, ...claims, jti }, key }),
  )

test('reason never contains the token, though the request or another token repeats it', async () => {
  await fc.assert(
    fc.asyncProperty(anyToken, fc.string({ maxLength: 40 }), async (token, text) => {
      const repeated = `${text} ${token}`
      const run = { endpoint: repeated, operation: repeated }
      const errors = [
        verify(token, { ...REQUIRED, plugin: token }),
        verify(token, { ...REQUIRED, plugin: repeated }),
        verify(token, { permission: null, plugin: anyPlugin, run }),
        verify(token, { permission: null, plugin: anyPlugin, capability: token }),
        verify(tokenWith({ aud: repeated })),
        verify(tokenWith({ aud: [{ [token]: token }] })),
        verify(tokenWith({ iss: token })),
        verify(tokenWith({}, { kid: token })),
        verify(tokenWith({}, { alg: token })),
        verify(tokenWith({}, { [`x5${token}`]: 1 })),
        authorize([], { type: token, identifier: token, action: token, part: repeated }),
      ]
      const parts = token.split('.').filter((part) => part.length > 40)
      for (const error of errors) {
        const { reason } = await error
        for (const part of [token, ...parts]) expect(JSON.stringify(reason)).not.toContain(part)
      }
    }),
    { numRuns: 60 },
  )
})

const spaced = (value: unknown): string =>
  Buffer.from(`\n${JSON.stringify(value)}`).toString('base64url')

test.each([
  ['whose JSON begins with a line feed', `${spaced(HEADER)}.${spaced(CLAIMS)}.${SIGNATURE}`],
  ['with percent-encoded dots', forge().replaceAll('.', '%2E')],
  ['with both', `${spaced(HEADER)}%2e${spaced(CLAIMS)}%2e${SIGNATURE}`],
])('reason never contains a token %s', async (_, token) => {
  const { reason } = await verify(forge(), { ...REQUIRED, plugin: token })
  const replaced = expect.stringMatching(/^\[token\]…?$/) as unknown
  expect(reason).toMatchObject({ kind: 'plugin_mismatch', expected: replaced })
})

test('reason keeps a value with dots that is no token', async () => {
  const plugin = 'authorization-server.long-company-name.example'
  const { reason } = await verify(forge(), { ...REQUIRED, plugin })
  expect(reason).toMatchObject({ expected: plugin })
})
