// Log: one line for each issued token, and no secret or token in any line or event.
import { beforeAll, describe, expect, test } from 'vitest'
import { expectLinear } from './support/growth.ts'
import { decode, partsOf } from './support/jwt.ts'
import type { ClientCredentials } from './support/records.ts'
import { ADDRESS, type LogLine, type TestServer, basic, startServer } from './support/server.ts'

let server: TestServer
let client: ClientCredentials

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  client = await server.client({
    plugins: ['acme.sync'],
    grants: { docs: ['read'], hook: ['hook:govern', 'hook:track'] },
  })
})

/** Returns the lines that a request adds, without their time. */
const linesOf = async (request: () => Promise<unknown>) => {
  const before = server.lines.length
  await request()
  return server.lines.slice(before).map(({ time: _time, ...line }: LogLine) => line)
}

const INFO = 30
const WARN = 40
const headers = { 'X-Request-Id': 'trace-1' }

describe('log line', () => {
  test('has client, audience, scope, plugin, jti, kid and request id of an issued token', async () => {
    let token = ''
    const lines = await linesOf(async () => {
      const form = { audience: 'hook', scope: 'hook:track' }
      const response = await server.requestToken(form, { basic: client, headers })
      token = ((await response.json()) as { access_token: string }).access_token
    })
    const { header, claims } = decode(token)
    expect(lines).toEqual([
      {
        level: INFO,
        msg: 'token issued',
        requestId: 'trace-1',
        clientId: client.id,
        audience: 'hook',
        scope: 'hook:track',
        plugin: 'acme.sync',
        jti: claims.jti,
        kid: header.kid,
      },
    ])
  })

  test('omits the plugin of a token without one', async () => {
    const other = await server.client({ grants: { docs: ['read'] } })
    const lines = await linesOf(() => server.issue(other))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ msg: 'token issued', clientId: other.id, audience: 'docs' })
    expect(lines[0]).not.toHaveProperty('plugin')
  })

  test('has the code of a refusal', async () => {
    const form = { audience: 'docs', scope: 'chosen-by-the-caller' }
    const lines = await linesOf(() => server.requestToken(form, { basic: client, headers }))
    expect(lines).toEqual([
      {
        level: INFO,
        msg: 'refused',
        requestId: 'trace-1',
        path: '/oauth/token',
        code: 'scope_not_granted',
        detail: expect.stringMatching(/: chosen-by-the-caller\.$/),
        clientId: client.id,
        audience: 'docs',
        scope: 'chosen-by-the-caller',
      },
    ])
  })

  test('has the address of a failed authentication, at level warn', async () => {
    const impostor = { ...client, secret: 'x' }
    const lines = await linesOf(() => server.requestToken({}, { basic: impostor, headers }))
    expect(lines.filter((line) => line.level === WARN)).toEqual([
      {
        level: WARN,
        msg: 'client authentication failed',
        requestId: 'trace-1',
        clientId: client.id,
        address: ADDRESS,
        reason: 'wrong_secret',
      },
    ])
    expect(lines.filter((line) => line.msg === 'token issued')).toEqual([])
  })

  test('hides a secret in place of a client id', async () => {
    const confused = { id: client.secret, secret: client.id }
    const lines = await linesOf(() => server.requestToken({}, { basic: confused }))
    const [line] = lines.filter(({ level }) => level === WARN)
    expect(line).toMatchObject({ address: ADDRESS, clientId: '…' })
  })
})

test('log line has a long path shortened before it is searched', async () => {
  await expectLinear(1_750, (size) => {
    const path = `/oauth/register/${'ey'.repeat(size)}`
    return () => server.request(path, { headers })
  })
  const lines = await linesOf(() => server.request(`/oauth/register/${'ey'.repeat(7_000)}`))
  expect(lines.map(({ path }) => String(path).length <= 512)).toEqual([true])
})

describe('log and audit', () => {
  /** Texts that must not be found. */
  const secrets: string[] = []

  /** Remembers a secret and its parts. */
  const remember = (...texts: string[]) => {
    for (const text of texts) {
      secrets.push(text, encodeURIComponent(text), Buffer.from(text).toString('base64'))
      const length = Math.floor(text.length / 3)
      for (let i = 0; i + length <= text.length; i += length)
        secrets.push(text.slice(i, i + length))
    }
  }

  const scenario = async () => {
    const other = await server.client({ grants: { docs: ['read'] } })
    const wrong = { id: client.id, secret: `lks_${'wrong-secret-'.repeat(3)}` }
    const asForm = (one: ClientCredentials) => ({ client_id: one.id, client_secret: one.secret })
    const tokens = [
      await server.issue(client, { audience: 'docs' }),
      await server.issue(client, { audience: 'hook' }),
      await server.issue(other),
    ]
    remember(client.secret, other.secret, wrong.secret)
    remember(...[client, other, wrong].map((one) => basic(one).slice('Basic '.length)))
    remember(...tokens, ...tokens.flatMap(partsOf))

    const credentials = [
      { basic: client },
      { basic: other },
      { basic: wrong },
      { basic: { id: client.secret, secret: client.id } },
      { basic: { id: tokens[0] ?? '', secret: client.secret } },
      { headers: { Authorization: `Bearer ${tokens[0]}` } },
      { headers: { Authorization: `${basic(client)} x` } },
      { headers: { Authorization: basic(client), Cookie: `token=${tokens[1]}` } },
      {},
    ]
    const forms: [string, string][][] = [
      [],
      ...tokens.map((token): [string, string][] => [['token', token]]),
      [['token', client.secret]],
      Object.entries(asForm(client)),
      Object.entries(asForm(wrong)),
      [['client_id', client.secret]],
      [['scope', client.secret]],
      [['audience', tokens[0] ?? '']],
      [['resource', `https://${client.secret}.example`]],
      [['plugin_id', client.secret]],
      [['authorization_details', JSON.stringify({ secret: client.secret })]],
      [['grant_type', client.secret]],
      [
        ['token', tokens[0] ?? ''],
        ['token', tokens[1] ?? ''],
      ],
    ]
    for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
      for (const sent of credentials) {
        for (const form of forms) {
          const grant = form.some(([name]) => name === 'grant_type')
            ? []
            : [['grant_type', 'client_credentials'] as [string, string]]
          await server.post(path, [...grant, ...form], sent)
        }
      }
      await server.post(`${path}?token=${tokens[0]}&client_secret=${client.secret}`, '')
      await server.post(`${path}/${client.secret}`, '')
      await server.post(path, `%${client.secret}`, { basic: client })
      await server.post(
        path,
        { token: client.secret },
        { headers: { 'X-Request-Id': tokens[0] ?? '' } },
      )
      server.fail('findGrantedClient', new Error('unforeseen'))
      await server.post(path, { grant_type: 'client_credentials' }, { basic: client })
      server.heal()
    }
  }

  test('contain no secret and no token after hundreds of requests', async () => {
    await scenario()
    const written = JSON.stringify([server.lines, server.events])
    expect(server.lines.length).toBeGreaterThan(300)
    expect(server.events.length).toBeGreaterThan(10)
    expect(new Set(server.lines.map((line) => line.msg))).toEqual(
      new Set([
        'token issued',
        'token is inactive',
        'refused',
        'client authentication failed',
        'server error',
      ]),
    )
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([])
    expect(written).not.toMatch(/basic [\w+/]{20}|bearer (?:ey|lk)|eyJ|lks_/i)
  })
})
