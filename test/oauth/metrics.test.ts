// Access to `/metrics`: from loopback or with the token. Every other caller gets 404.
import { beforeAll, describe, expect, test } from 'vitest'
import { hasOpenMetrics, loadConfig } from '../../src/config.ts'
import { VERSION } from '../../src/constants.ts'
import { createMetrics } from '../../src/node/metrics.ts'
import { expectPrivate, expectRefusal } from '../support/answers.ts'
import { type TestServer, startServer } from '../support/server.ts'

const TOKEN = 'metrics-token-of-32-characters-x'
const STRANGER = '192.0.2.1'

type Case = [
  name: string,
  setting: { address?: string; token?: string; host?: string },
  headers: Record<string, string>,
]

let server: TestServer

beforeAll(async () => {
  server = await startServer({ metrics: createMetrics({ waiting: 0 }) })
})

const ask = async ({ address, token, host = 'localhost' }: Case[1], headers: Case[2]) => {
  Object.assign(server.deps, { metricsToken: token ?? null, clientAddress: () => address })
  return server.request(`http://${host}/metrics`, { headers })
}

describe('metrics', () => {
  const allowed: Case[] = [
    ['loopback', { address: '127.0.0.1' }, {}],
    ['all of loopback', { address: '127.1.2.3' }, {}],
    ['loopback of IPv6', { address: '::1' }, {}],
    ['loopback of IPv4 in IPv6', { address: '::ffff:127.0.0.1' }, {}],
    ['the token', { address: STRANGER, token: TOKEN }, { Authorization: `Bearer ${TOKEN}` }],
    [
      'the token, scheme in small letters',
      { address: STRANGER, token: TOKEN },
      { Authorization: `bearer ${TOKEN}` },
    ],
    [
      'the token through a proxy',
      { address: STRANGER, token: TOKEN },
      { Authorization: `Bearer ${TOKEN}`, 'X-Forwarded-For': STRANGER },
    ],
  ]
  test.each(allowed)('are readable with %s', async (_, setting, headers) => {
    const response = await ask(setting, headers)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expectPrivate(response)
  })

  const refused: Case[] = [
    ['a remote address', { address: STRANGER }, {}],
    ['an unknown address', {}, {}],
    ['an address that ends like loopback', { address: '10.127.0.1' }, {}],
    ['a Forwarded header', { address: '127.0.0.1' }, { Forwarded: 'for=192.0.2.1' }],
    ['an X-Forwarded-For header', { address: '127.0.0.1' }, { 'X-Forwarded-For': '127.0.0.1' }],
    ['an empty X-Forwarded-For header', { address: '127.0.0.1' }, { 'X-Forwarded-For': '' }],
    ['an X-Real-IP header', { address: '::1' }, { 'X-Real-IP': '127.0.0.1' }],
    ['a Via header', { address: '::1' }, { Via: '1.1 proxy' }],
    ['an X-Forwarded-Proto header', { address: '::1' }, { 'X-Forwarded-Proto': 'https' }],
    ['the public host name', { address: '::1', host: 'auth.example' }, {}],
    [
      'any token when none is configured',
      { address: STRANGER },
      { Authorization: `Bearer ${TOKEN}` },
    ],
    ['an empty token when none is configured', { address: STRANGER }, { Authorization: 'Bearer ' }],
    ['a wrong token', { address: STRANGER, token: TOKEN }, { Authorization: `Bearer ${TOKEN}x` }],
    [
      'a part of the token',
      { address: STRANGER, token: TOKEN },
      { Authorization: `Bearer ${TOKEN.slice(1)}` },
    ],
    ['another scheme', { address: STRANGER, token: TOKEN }, { Authorization: `Basic ${TOKEN}` }],
    ['a remote address without the token', { address: STRANGER, token: TOKEN }, {}],
    ['loopback without the configured token', { address: '127.0.0.1', token: TOKEN }, {}],
  ]
  test.each(refused)('answer 404 to %s', async (_, setting, headers) => {
    await expectRefusal(await ask(setting, headers), [404, 'not_found', 'not_found'])
  })

  test('answer 404 when the server keeps none', async () => {
    const without = await startServer({ metrics: null, clientAddress: () => '127.0.0.1' })
    await expectRefusal(await without.request('/metrics'), [404, 'not_found', 'not_found'])
  })
})

describe('hasOpenMetrics without a token', () => {
  const isOpen = (environment: Record<string, string>) => hasOpenMetrics(loadConfig(environment))
  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('is true on %s', (host) => {
    expect(isOpen({ LATCHKEY_HOST: host })).toBe(true)
  })

  test.each<Record<string, string>>([
    { LATCHKEY_HOST: '0.0.0.0' },
    { LATCHKEY_HOST: '::' },
    { LATCHKEY_HOST: '192.0.2.1' },
    { LATCHKEY_HOST: '127.0.0.1.example' },
    { LATCHKEY_HOST: '::ffff:0.0.0.0' },
    { LATCHKEY_HOST: 'auth.example' },
    { LATCHKEY_TRUSTED_PROXIES: '127.0.0.1' },
    { LATCHKEY_ISSUER: 'https://auth.example' },
  ])('is false with %j', (environment) => {
    expect(isOpen(environment)).toBe(false)
  })
})

test('metrics count token requests, introspections and revocations, and repeat no value of a request', async () => {
  const server = await startServer({
    metrics: createMetrics({ waiting: 0 }),
    clientAddress: () => '127.0.0.1',
  })
  await server.audience('docs', ['read'])
  const client = await server.client({ grants: { docs: ['read'] } })
  const token = await server.issue(client)
  await server.introspect(client, token)
  await server.revoke(client, token)
  await server.introspect(client, token)
  await server.requestToken({ audience: 'chosen-by-the-caller' }, { basic: client })
  await server.requestToken({}, { basic: { ...client, secret: 'x' } })

  const text = await (await server.request('/metrics')).text()
  const counters = text.split('\n').filter((line) => line.startsWith('latchkey_'))
  expect(counters.sort()).toEqual([
    `latchkey_build_info{version="${VERSION}"} 1`,
    'latchkey_introspections_total{active="false"} 1',
    'latchkey_introspections_total{active="true"} 1',
    'latchkey_requests_refused_total{code="client_authentication_failed"} 1',
    'latchkey_requests_refused_total{code="target_not_granted"} 1',
    'latchkey_revocation_waiters 0',
    'latchkey_tokens_issued_total{audience="docs"} 1',
    'latchkey_tokens_revoked_total 1',
  ])
  for (const asked of [client.id, client.secret, token, 'chosen-by-the-caller']) {
    expect(text).not.toContain(asked)
  }
})
