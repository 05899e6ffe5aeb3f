// Trust in a token: its type, its algorithm, its key, its signature, its issuer and its audience.
import { type KeyObject, constants, createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  AUDIENCE,
  CLAIMS,
  HEADER,
  ISSUER,
  KEY,
  OTHER_KEY,
  base64url,
  forge,
  keySet,
  publicJwk,
  startVerifier,
  tokenWith,
} from './support.ts'

const expectUntrusted = async (token: string): Promise<void> => {
  expect(await startVerifier().check(token)).toBe('token_untrusted')
}

describe('token type', () => {
  test.each(['at+jwt', 'application/at+jwt'])('%s is accepted', async (typ) => {
    expect(await startVerifier().check(tokenWith({}, { typ }))).toBe('good')
  })

  test.each([
    undefined,
    null,
    '',
    'JWT',
    'jwt',
    'none',
    'AT+JWT',
    'application/AT+JWT',
    'at+jwt ',
    'at+jwt; v=1',
    'text/at+jwt',
    'application/application/at+jwt',
    ['at+jwt'],
    { typ: 'at+jwt' },
    'dpop+jwt',
    'secevent+jwt',
    'revocations+jwt',
    'application/revocations+jwt',
    'logout+jwt',
    'token-introspection+jwt',
    'client-authentication+jwt',
  ])('%j is refused', (typ) => expectUntrusted(tokenWith({}, { typ })))
})

describe('token algorithm', () => {
  test.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'rs256',
    'RS256 ',
    'RS',
    null,
    undefined,
    1,
    ['RS256'],
    {},
  ])('%j is refused, with any signature', async (alg) => {
    await expectUntrusted(tokenWith({}, { alg }))
    const [input] = tokenWith({}, { alg }).split(/\.[^.]+$/)
    expect(await startVerifier().check(`${input}.`)).toBe('token_malformed')
    expect(await startVerifier().check(`${input}.AA`)).toBe('token_untrusted')
  })

  const hmac = (alg: string, digest: string, secret: string | Buffer): string => {
    const input = `${base64url({ ...HEADER, alg })}.${base64url(CLAIMS)}`
    return `${input}.${createHmac(digest, secret).update(input).digest('base64url')}`
  }
  const { publicKey, jwk } = KEY
  test.each<[string, string | Buffer]>([
    ['PEM', publicKey.export({ format: 'pem', type: 'spki' })],
    ['PEM of PKCS #1', publicKey.export({ format: 'pem', type: 'pkcs1' })],
    [
      'PEM without the last line end',
      String(publicKey.export({ format: 'pem', type: 'spki' })).trim(),
    ],
    ['DER', publicKey.export({ format: 'der', type: 'spki' })],
    ['DER of PKCS #1', publicKey.export({ format: 'der', type: 'pkcs1' })],
    ['JWK', JSON.stringify(jwk)],
    ['modulus', Buffer.from((jwk as { n: string }).n, 'base64url')],
    ['nothing', ''],
  ])('may not be symmetric with the public key as secret: %s', async (_, secret) => {
    await expectUntrusted(hmac('HS256', 'sha256', secret))
    await expectUntrusted(hmac('HS512', 'sha512', secret))
    await expectUntrusted(hmac('RS256', 'sha256', secret))
  })

  const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const OTHERS = [
    { alg: 'RS384', digest: 'sha384' },
    { alg: 'RS512', digest: 'sha512' },
    { alg: 'PS256', digest: 'sha256', options: PSS },
  ]
  test.each(OTHERS)('$alg is refused with a key for RS256', async ({ alg, ...how }) => {
    const token = forge({ header: { ...HEADER, alg }, ...how })
    await expectUntrusted(token)
    // Refused also where it is allowed: a key has one algorithm (RFC 8725 §3.1).
    const allowed = startVerifier({ algorithms: ['RS256', alg] })
    expect(await allowed.check(token)).toBe('token_untrusted')
    expect(await allowed.check(forge())).toBe('good')
    // The header has RS256, the signature another algorithm.
    await expectUntrusted(forge(how))
  })

  test('RS256 is refused when it is not configured', async () => {
    expect(await startVerifier({ algorithms: ['ES256'] }).check(forge())).toBe('token_untrusted')
  })

  const pair = (made: { publicKey: KeyObject; privateKey: KeyObject }) => made
  const ec = (namedCurve: string) => pair(generateKeyPairSync('ec', { namedCurve }))
  const rsa = (alg: string, digest: string, options = {}) => ({ alg, digest, options, key: KEY })
  const IEEE = { dsaEncoding: 'ieee-p1363' } as const
  const ED25519 = pair(generateKeyPairSync('ed25519'))
  const CONFIGURED = [
    rsa('RS384', 'sha384'),
    rsa('RS512', 'sha512'),
    rsa('PS256', 'sha256', PSS),
    rsa('PS384', 'sha384', { ...PSS, saltLength: 48 }),
    rsa('PS512', 'sha512', { ...PSS, saltLength: 64 }),
    { alg: 'ES256', digest: 'sha256', options: IEEE, key: ec('P-256') },
    { alg: 'ES384', digest: 'sha384', options: IEEE, key: ec('P-384') },
    { alg: 'ES512', digest: 'sha512', options: IEEE, key: ec('P-521') },
    { alg: 'EdDSA', digest: null, options: {}, key: ED25519 },
    { alg: 'Ed25519', digest: null, options: {}, key: ED25519 },
  ]
  const algorithms = CONFIGURED.filter(({ key }) => key !== KEY).map(({ alg }) => alg)
  test.each(CONFIGURED)('$alg is accepted when it is configured', async ({ alg, key, ...how }) => {
    const token = forge({ header: { ...HEADER, alg }, key, ...how })
    const { check, server } = startVerifier({ algorithms: [alg] })
    server.answer = () => keySet([publicJwk(key.publicKey, { kid: KEY.kid, alg })])
    expect(await check(token)).toBe('good')
    if (key === KEY) return
    // A key without alg has the algorithm of its curve, in any order of the list.
    const several = startVerifier({ algorithms })
    several.server.answer = () => keySet([publicJwk(key.publicKey, { kid: KEY.kid })])
    expect(await several.check(token)).toBe('good')
  })
})

describe('EdDSA and Ed25519, two names of one signature (RFC 9864)', () => {
  const key = generateKeyPairSync('ed25519')
  const signed = (alg: string) => forge({ header: { ...HEADER, alg }, key, digest: null })
  const checked = async (token: string, taken: string[], keyAlg: string | undefined) => {
    const { check, server } = startVerifier({ algorithms: taken })
    server.answer = () => keySet([publicJwk(key.publicKey, { kid: KEY.kid, alg: keyAlg })])
    return await check(token)
  }
  const NAMES = ['EdDSA', 'Ed25519'] as const
  const fits = (name: string, keyAlg: string | undefined) => keyAlg === undefined || keyAlg === name
  const CASES = NAMES.flatMap((token) =>
    NAMES.flatMap((taken) =>
      [...NAMES, undefined].map(
        (keyAlg) => [token, taken, keyAlg, token === taken && fits(token, keyAlg)] as const,
      ),
    ),
  )
  test.each(CASES)(
    'are not interchangeable: token %s, verifier %s, key %s gives %s',
    async (alg, taken, of, good) => {
      const outcome = await checked(signed(alg), [taken], of)
      expect(outcome === 'good').toBe(good)
      if (of === undefined) expect(await checked(signed(alg), [...NAMES], of)).toBe('good')
    },
  )
})

describe('token key', () => {
  test.each([
    undefined,
    null,
    '',
    1,
    ['k1'],
    {},
    'k1 ',
    'K1',
    'k9',
    '__proto__',
    'constructor',
    'toString',
  ])('is not found by the kid %j', (kid) => expectUntrusted(tokenWith({}, { kid })))

  test('is the one of the kid, not another key of the same issuer', async () => {
    const { check, server } = startVerifier()
    server.answer = () => keySet([KEY.jwk, OTHER_KEY.jwk])
    expect(await check(tokenWith({}, { kid: OTHER_KEY.kid }))).toBe('token_untrusted')
    expect(await check(forge({ key: OTHER_KEY }))).toBe('token_untrusted')
    expect(await check(forge({ header: { ...HEADER, kid: 'k2' }, key: OTHER_KEY }))).toBe('good')
  })

  test('is found by an unusual kid', async () => {
    for (const kid of ['__proto__', 'constructor', ' ', '\u{1f511}']) {
      const { check, server } = startVerifier()
      server.answer = () => keySet([{ ...KEY.jwk, kid }])
      expect(await check(tokenWith({}, { kid }))).toBe('good')
    }
  })
})

describe('token signature', () => {
  const [header = '', payload = '', signature = ''] = forge().split('.')
  test.each([
    ['by another key', forge({ key: OTHER_KEY })],
    ['over another payload', `${header}.${base64url({ ...CLAIMS, scope: 'full' })}.${signature}`],
    ['over another header', `${base64url({ ...HEADER, x: 1 })}.${payload}.${signature}`],
    [
      'over the same JSON with other white space',
      `${header}.${base64url(`${JSON.stringify(CLAIMS)} `)}.${signature}`,
    ],
    [
      'without its first byte',
      `${header}.${payload}.${base64url(Buffer.from(signature, 'base64url').subarray(1))}`,
    ],
    [
      'with an extra byte',
      `${header}.${payload}.${base64url(Buffer.from(`${signature}AA`, 'base64url'))}`,
    ],
    ['of zeros', `${header}.${payload}.${base64url(Buffer.alloc(256))}`],
    ['of one zero byte', `${header}.${payload}.AA`],
  ])('%s is refused', (_, token) => expectUntrusted(token))
})

describe('token issuer', () => {
  test.each([
    `${ISSUER}/`,
    'https://AUTH.example',
    'HTTPS://auth.example',
    'http://auth.example',
    'https://auth.example:443',
    'https://auth.example.evil',
    'https://auth.exampl',
    ` ${ISSUER}`,
    '',
    'auth.example',
  ])('must equal the configured one: %j is refused', (iss) => expectUntrusted(tokenWith({ iss })))
})

describe('token audience', () => {
  test.each([
    undefined,
    null,
    '',
    'hoo',
    'ook',
    'hook2',
    'hook hook',
    'hook,latchkey',
    'HOOK',
    ' hook',
    'latchkey',
    1,
    true,
    {},
    { hook: true },
    { 0: 'hook', length: 1 },
    ['hook'],
    [['hook']],
    ['hook', 'latchkey'],
    [],
    '["hook"]',
  ])('must equal the configured one: %j is refused, case %#', (aud) =>
    expectUntrusted(tokenWith({ aud })),
  )

  test('may be a URI, which is compared as a text', async () => {
    const audience = 'https://api.example/v1'
    const { check } = startVerifier({ audience })
    expect(await check(tokenWith({ aud: audience }))).toBe('good')
    expect(await check(tokenWith({ aud: `${audience}/` }))).toBe('token_untrusted')
    expect(await check(tokenWith({ aud: AUDIENCE }))).toBe('token_untrusted')
  })
})

test.each([{ jkt: 'x' }, { jwk: KEY.jwk }, { 'x5t#S256': 'x' }, {}, null, 'x'])(
  'token that needs proof of possession is refused: cnf %j',
  (cnf) => expectUntrusted(tokenWith({ cnf })),
)
