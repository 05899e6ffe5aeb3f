// `/metrics`: for loopback or with the token; for others it does not exist.
import { beforeAll, describe, expect, test } from 'vitest'
import { hasOpenMetrics, loadConfig } from '../../src/config.ts'
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

describe('who reads them', () => {
  const allowed: Case[] = [
    ['loopback', { address: '127.0.0.1' }, {}],
    ['all of loopback', { address: '127.1.2.3' }, {}],
    ['loopback of IPv6', { address: '::1' }, {}],
    ['IPv4 in IPv6', { address: '::ffff:127.0.0.1' }, {}],
    ['the token', { address: STRANGER, token: TOKEN }, { Authorization: `Bearer ${TOKEN}` }],
    [
      'the token, small letters',
      { address: STRANGER, token: TOKEN },
      { Authorization: `bearer ${TOKEN}` },
    ],
    [
      'the token through a proxy',
      { address: STRANGER, token: TOKEN },
      { Authorization: `Bearer ${TOKEN}`, 'X-Forwarded-For': STRANGER },
    ],
  ]
  test.each(allowed)('%s', async (_, setting, headers) => {
    const response = await ask(setting, headers)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expectPrivate(response)
  })

  const refused: Case[] = [
    ['a stranger', { address: STRANGER }, {}],
    ['an unknown address', {}, {}],
    ['an address that ends alike', { address: '10.127.0.1' }, {}],
    ['Forwarded', { address: '127.0.0.1' }, { Forwarded: 'for=192.0.2.1' }],
    ['X-Forwarded-For', { address: '127.0.0.1' }, { 'X-Forwarded-For': '127.0.0.1' }],
    ['an empty X-Forwarded-For', { address: '127.0.0.1' }, { 'X-Forwarded-For': '' }],
    ['X-Real-IP', { address: '::1' }, { 'X-Real-IP': '127.0.0.1' }],
    ['Via', { address: '::1' }, { Via: '1.1 proxy' }],
    ['X-Forwarded-Proto', { address: '::1' }, { 'X-Forwarded-Proto': 'https' }],
    ['the name that others know', { address: '::1', host: 'auth.example' }, {}],
    ['any token where none is set', { address: STRANGER }, { Authorization: `Bearer ${TOKEN}` }],
    ['an empty token where none is set', { address: STRANGER }, { Authorization: 'Bearer ' }],
    ['a wrong token', { address: STRANGER, token: TOKEN }, { Authorization: `Bearer ${TOKEN}x` }],
    [
      'a part of it',
      { address: STRANGER, token: TOKEN },
      { Authorization: `Bearer ${TOKEN.slice(1)}` },
    ],
    ['another scheme', { address: STRANGER, token: TOKEN }, { Authorization: `Basic ${TOKEN}` }],
    ['no token', { address: STRANGER, token: TOKEN }, {}],
    ['loopback without the token that is set', { address: '127.0.0.1', token: TOKEN }, {}],
  ]
  test.each(refused)('not %s', async (_, setting, headers) => {
    await expectRefusal(await ask(setting, headers), [404, 'not_found', 'not_found'])
  })

  test('nobody where there are none', async () => {
    const without = await startServer({ metrics: null, clientAddress: () => '127.0.0.1' })
    await expectRefusal(await without.request('/metrics'), [404, 'not_found', 'not_found'])
  })
})

describe('without a token they are open', () => {
  const isOpen = (environment: Record<string, string>) => hasOpenMetrics(loadConfig(environment))
  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('on %s', (host) => {
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
  ])('not with %j', (environment) => {
    expect(isOpen(environment)).toBe(false)
  })
})

test('they count what is done, and repeat nothing of a request', async () => {
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
