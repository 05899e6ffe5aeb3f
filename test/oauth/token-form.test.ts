// Form of a token request (design: Token request; RFC 6749 §3.2): malformed forms are refused
// before the client is looked up.
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_FORM_BYTES } from '../../src/constants.ts'
import { type Refusal, expectRefusal } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import { FORM_TYPE, type TestServer, basic, startServer } from '../support/server.ts'

let server: TestServer
let client: ClientCredentials

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  client = await server.client({ grants: { docs: ['read'] } })
})

const GRANT = 'grant_type=client_credentials'
const MALFORMED: Refusal = [400, 'invalid_request', 'body_malformed']
const REPEATED: Refusal = [400, 'invalid_request', 'parameter_repeated']
const IN_QUERY: Refusal = [400, 'invalid_request', 'parameter_in_query']
const MEDIA_TYPE: Refusal = [400, 'invalid_request', 'media_type_unsupported']
const TOO_LARGE: Refusal = [413, 'invalid_request', 'body_too_large']

const PARAMETERS = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'audience',
  'resource',
  'scope',
  'plugin_id',
  'authorization_details',
  'token',
  'token_type_hint',
]

type BodyCase = [name: string, body: string, refusal: Refusal]

describe('token request body', () => {
  const grantTypes: BodyCase[] = [
    ['no grant type', 'scope=read', [400, 'invalid_request', 'grant_type_missing']],
    ['an empty grant type', 'grant_type=', [400, 'invalid_request', 'grant_type_missing']],
    ['an empty body', '', [400, 'invalid_request', 'grant_type_missing']],
    ...['authorization_code', 'CLIENT_CREDENTIALS', 'client_credentials+', 'password'].map(
      (type): BodyCase => [
        `the grant type ${type}`,
        `grant_type=${type}`,
        [400, 'unsupported_grant_type', 'grant_type_unsupported'],
      ],
    ),
  ]
  const repeated: BodyCase[] = [
    ...PARAMETERS.map((name): BodyCase => [
      `${name} given twice`,
      `${GRANT}&${name}=a&${name}=b`,
      name === 'resource' ? [400, 'invalid_target', 'target_repeated'] : REPEATED,
    ]),
    ['a repeated value', `${GRANT}&scope=read&scope=read`, REPEATED],
    ['a repeated unknown parameter', `${GRANT}&colour=a&colour=b`, REPEATED],
    ['a name that is spelled in two ways', `${GRANT}&scope=read&%73cope=read`, REPEATED],
    ['a parameter given empty and with a value', `${GRANT}&scope=&scope=read`, REPEATED],
    ['a parameter given empty twice', `${GRANT}&scope&scope=`, REPEATED],
    [
      'resource given empty and with a value',
      `${GRANT}&resource=&resource=https://api.example`,
      [400, 'invalid_target', 'target_repeated'],
    ],
  ]
  const broken = ['%', '%4', '%zz', 'a%', '%u0041', '%FF', '%C0%80', '%ED%A0%80', '%00', 'a%00b']
  const malformed: BodyCase[] = broken.flatMap((text): BodyCase[] => [
    [`${text} in a value`, `${GRANT}&scope=${text}`, MALFORMED],
    [`${text} in a name`, `${GRANT}&${text}=read`, MALFORMED],
    [`${text} in a name without a value`, `${GRANT}&${text}`, MALFORMED],
  ])

  test.each([...grantTypes, ...repeated, ...malformed])(
    'is refused with %s',
    async (_, body, refusal) => {
      await expectRefusal(await server.post('/oauth/token', body, { basic: client }), refusal)
    },
  )

  const ignored: [name: string, body: string][] = [
    ['unknown parameters', `${GRANT}&colour=blue&client_assertio=x&__proto__=x&constructor=y`],
    ['parameters without a value', `${GRANT}&${PARAMETERS.slice(1).join('=&')}`],
    ['empty pairs', `&&${GRANT}&&`],
    ['percent-encoding', 'grant%5Ftype=client%5fcredentials'],
  ]
  test.each(ignored)('may contain %s', async (_, body) => {
    const response = await server.post('/oauth/token', body, { basic: client })
    expect([response.status, await response.json()]).toMatchObject([200, { scope: 'read' }])
  })
})

describe('token request body of raw bytes', () => {
  const bytes: [name: string, bytes: number[]][] = [
    ['bytes that are not UTF-8', [0xff]],
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character cut short', [0xe2, 0x82]],
    ['NUL', [0]],
  ]
  test.each(bytes)('is refused with %s', async (_, raw) => {
    const body = Buffer.concat([Buffer.from(`${GRANT}&scope=`), Buffer.from(raw)])
    const headers = { 'Content-Type': FORM_TYPE, Authorization: basic(client) }
    await expectRefusal(
      await server.request('/oauth/token', { method: 'POST', body, headers }),
      MALFORMED,
    )
  })
})

describe('token request query', () => {
  const queries = [
    ...PARAMETERS.map((name) => `${name}=x`),
    'client_secret',
    '%63lient_secret=x',
    'a=b&scope=read',
  ]
  test.each(queries)('is refused with %s', async (query) => {
    const response = await server.post(`/oauth/token?${query}`, GRANT, { basic: client })
    await expectRefusal(response, IN_QUERY)
  })

  test('is ignored when it has no known parameter', async () => {
    const response = await server.post('/oauth/token?trace=1&', GRANT, { basic: client })
    expect(response.status).toBe(200)
  })
})

describe('token request header', () => {
  const refused: Record<string, string>[] = [
    { 'Content-Type': '' },
    { 'Content-Type': 'application/json' },
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    { 'Content-Type': `${FORM_TYPE}2` },
    { 'Content-Type': `text/plain; ${FORM_TYPE}` },
    { 'Content-Type': `${FORM_TYPE}, text/plain` },
    { 'Content-Type': `${FORM_TYPE}; charset=utf-8, ${FORM_TYPE}` },
    { 'Content-Type': `${FORM_TYPE}; q="a,b", ${FORM_TYPE}; q="a,b"` },
    { 'Content-Type': `${FORM_TYPE}; q="a\\", ${FORM_TYPE}` },
    { 'Content-Type': `;${FORM_TYPE}` },
  ]
  test.each(refused)('is refused as %o', async (headers) => {
    await expectRefusal(
      await server.post('/oauth/token', GRANT, { basic: client, headers }),
      MEDIA_TYPE,
    )
  })

  const accepted = [
    FORM_TYPE.toUpperCase(),
    `${FORM_TYPE};charset=UTF-8`,
    `${FORM_TYPE} ; charset="utf-8"`,
    `${FORM_TYPE}; charset=utf8`,
    `${FORM_TYPE}; boundary=x`,
    `${FORM_TYPE};`,
    `${FORM_TYPE}; q="a,b"`,
    `${FORM_TYPE}; q="a;charset=utf-16, \\"b"; charset=utf-8`,
    'ISO-8859-1',
    'us-ascii',
    'Windows-1252',
    'latin1',
    '"iso-8859-15"',
    '',
    '""',
    'unicode-1-1-utf-8',
    'UTF_8',
    '"utf\\-8"',
    'cp850',
    'IBM437',
    'TIS-620',
    'made-up',
  ].map((type) => (type.startsWith('application') ? type : `${FORM_TYPE}; charset=${type}`))
  test.each(accepted)('Content-Type: %s is accepted', async (type) => {
    const headers = { 'Content-Type': type }
    expect((await server.post('/oauth/token', GRANT, { basic: client, headers })).status).toBe(200)
  })

  const send = (headers: Record<string, string>, body: string | Buffer) =>
    server.request('/oauth/token', {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers: { 'Content-Type': FORM_TYPE, Authorization: basic(client), ...headers },
    })
  const describedBy = async (response: Response, refusal: Refusal) => {
    const { error_description: description } = (await response.clone().json()) as {
      error_description: string
    }
    await expectRefusal(response, refusal)
    return description
  }

  test.each(
    [
      ['iso-8859-1', Buffer.from(`${GRANT}&note=é`, 'latin1')],
      ['windows-1252', Buffer.from(`${GRANT}&note=é`, 'utf8')],
      ['iso-8859-1', `${GRANT}&note=%E9`],
      ['iso-8859-1', `${GRANT}&note=%c3%a9`],
      ['made-up', `${GRANT}&note=%E9`],
      'utf-16',
      'UTF_16LE',
      'csUTF16',
      'cp1200',
      'utf-7',
      'unicode-1-1-utf-7',
      'utf-32le',
      'ISO-2022-JP',
      'csISO2022KR',
      'hz-gb-2312',
      'ISO-10646-UCS-2',
      'UCS-4',
      'unicode',
      'ebcdic-cp-us',
      'IBM037',
      'cp037',
      'ibm-1047',
      'IBM01140',
      'windows-20273',
    ].map((row) => (typeof row === 'string' ? ([row, GRANT] as const) : row)),
  )(
    'charset=%s is refused and named when the body has other than ASCII characters: %s',
    async (charset, body) => {
      const headers = { 'Content-Type': `${FORM_TYPE}; charset=${charset}` }
      const refused = await send(headers, body)
      const refusal: Refusal = [400, 'invalid_request', 'charset_unsupported']
      expect(await describedBy(refused, refusal)).toBe(
        `The charset ${charset} is not supported: send UTF-8.`,
      )
    },
  )

  test.each(['utf-8', 'utf8', 'UTF_8', 'unicode-1-1-utf-8'])(
    'charset=%s allows bytes above ASCII',
    async (charset) => {
      const headers = { 'Content-Type': `${FORM_TYPE}; charset=${charset}` }
      expect((await send(headers, `${GRANT}&note=é&more=%C3%A9`)).status).toBe(200)
    },
  )

  test('is refused with two charsets', async () => {
    const headers = { 'Content-Type': `${FORM_TYPE}; charset=utf-8; charset=iso-8859-1` }
    const refusal: Refusal = [400, 'invalid_request', 'charset_unsupported']
    await expectRefusal(await send(headers, GRANT), refusal)
  })

  test.each(['identity', 'Identity', ' identity , identity', ''])(
    'Content-Encoding: %j is accepted',
    async (coding) => {
      expect((await send({ 'Content-Encoding': coding }, GRANT)).status).toBe(200)
    },
  )

  test.each(['gzip', 'br', 'identity, gzip', 'x-unknown'])(
    'Content-Encoding: %s is refused and named',
    async (coding) => {
      const refused = await send({ 'Content-Encoding': coding }, GRANT)
      expect(refused.headers.get('accept-encoding')).toBe('identity')
      const refusal: Refusal = [415, 'invalid_request', 'content_encoding_unsupported']
      const description = await describedBy(refused, refusal)
      expect(description).toContain('Content-Encoding')
      expect(description).toContain(coding)
    },
  )

  test('Content-Type is named when it is refused', async () => {
    const description = await describedBy(
      await send({ 'Content-Type': 'text/plain' }, GRANT),
      MEDIA_TYPE,
    )
    expect(description).toContain('text/plain')
  })
})

describe('token endpoint', () => {
  const filled = (bytes: number) => `${GRANT}&x=`.padEnd(bytes, 'x')

  /** Makes a body that counts its reads, without read-ahead. */
  const stream = (next: (reads: number) => Uint8Array | Error | null) => {
    const seen = { reads: 0, cancelled: false }
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const chunk = next(++seen.reads)
          if (chunk === null) controller.close()
          else if (chunk instanceof Error) controller.error(chunk)
          else controller.enqueue(chunk)
        },
        cancel() {
          seen.cancelled = true
        },
      },
      { highWaterMark: 0 },
    )
    return { body, seen }
  }

  const send = (body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) =>
    server.request('/oauth/token', {
      method: 'POST',
      body,
      headers: { 'Content-Type': FORM_TYPE, Authorization: basic(client), ...headers },
      duplex: 'half',
    })

  test.each(['declared', 'chunked'])(
    'accepts 64 KiB and refuses one byte more: %s',
    async (how) => {
      const ask = (bytes: number) =>
        how === 'chunked'
          ? send(new Blob([filled(bytes)]).stream())
          : server.post('/oauth/token', filled(bytes), { basic: client })
      expect((await ask(MAX_FORM_BYTES)).status).toBe(200)
      await expectRefusal(await ask(MAX_FORM_BYTES + 1), TOO_LARGE)
    },
  )

  test('refuses a body that is declared too large before it reads it', async () => {
    const { body, seen } = stream(() => new Error('it was read'))
    const declared = { 'Content-Length': String(MAX_FORM_BYTES + 1) }
    await expectRefusal(await send(body, declared), TOO_LARGE)
    expect(seen.reads).toBe(0)
  })

  test('refuses a body that exceeds the limit and its declared length', async () => {
    const { body } = stream((reads) =>
      reads > 1 ? null : new TextEncoder().encode(filled(MAX_FORM_BYTES + 1)),
    )
    await expectRefusal(await send(body, { 'Content-Length': '10' }), TOO_LARGE)
  })

  test('refuses another media type before it reads the body', async () => {
    const { body, seen } = stream(() => new Error('it was read'))
    await expectRefusal(await send(body, { 'Content-Type': 'application/json' }), MEDIA_TYPE)
    expect(seen.reads).toBe(0)
  })

  test('reads an endless body up to the limit and cancels it', async () => {
    const chunk = new Uint8Array(MAX_FORM_BYTES / 4).fill(0x78)
    const { body, seen } = stream(() => chunk)
    await expectRefusal(await send(body), TOO_LARGE)
    expect(seen).toEqual({ reads: 5, cancelled: true })
  })

  test('accepts a body in chunks of one byte', async () => {
    const bytes = new TextEncoder().encode(`${GRANT}&scope=read&note=%C3%A9é`)
    const { body } = stream((reads) => {
      const byte = bytes.subarray(reads - 1, reads)
      return byte.length === 0 ? null : byte
    })
    expect((await send(body)).status).toBe(200)
  })

  test('refuses a body that breaks off with body_malformed', async () => {
    const { body } = stream((reads) =>
      reads > 1 ? new Error('reset') : new TextEncoder().encode(GRANT),
    )
    await expectRefusal(await send(body), MALFORMED)
  })
})
