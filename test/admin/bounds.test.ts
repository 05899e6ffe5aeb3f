// Products of limits: short lists that exceed a bound together are refused, and records from before
// a bound keep working.
import { describe, expect, it } from 'vitest'
import {
  MAX_CAPABILITIES_CHARS,
  MAX_CLIENT_CAPABILITIES,
  MAX_DECLARED_PERMISSIONS,
  MAX_DETAIL_VALUES,
  MAX_GRANTED_PERMISSIONS,
  MAX_IMPLICATIONS,
} from '../../src/constants.ts'
import { narrowDetails } from '../../src/grants/held-details.ts'
import { startAdminApi } from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api

const many = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => prefix + i)
/** Declares permissions that each imply the next `each`. */
const declared = (count: number, each: number) =>
  many('p', count).map((name, i, names) => ({ name, implies: names.slice(i + 1, i + 1 + each) }))
const run = (identifier: string, actions: string[]) => ({
  type: 'tool_run',
  identifier,
  project_id: 'p1',
  locations: [],
  actions,
})

await server.audience('wide-0', many('p', 1_000))
await server.audience('wide-1', many('p', 1_000))
for (let i = 2; i < 6; i++) await server.audience(`wide-${i}`, many('p', 1_000))
const deep = declared(1_000, 4)
for (const id of ['deep-0', 'deep-1', 'deep-2']) {
  const settings = { requiresPlugin: false, tokenTtl: null, algorithm: 'RS256' } as const
  await server.store.createAudience({ id, ...settings, permissions: deep }, server.seconds())
}
const capable = many('plugin-', 16)
for (const id of capable) {
  await server.store.createPlugin(
    { id, name: id, trust: 'restricted', capabilities: many('c', 640), snapshot: null },
    server.seconds(),
  )
}

const wide = (count: number) =>
  many('wide-', count).map((audience) => ({ audience, permissions: many('p', 1_000) }))

/** A body beyond each bound, and one just within it. */
const BOUNDS: [
  title: string,
  path: string,
  field: string,
  message: string,
  tooMuch: Record<string, unknown>,
  enough: Record<string, unknown>,
][] = [
  [
    'values of all details',
    '/clients',
    'authorization_details',
    `${MAX_DETAIL_VALUES} values`,
    { authorization_details: many('r', 11).map((id) => run(id, many('a', 455))) },
    { authorization_details: many('r', 10).map((id) => run(id, many('a', 500))) },
  ],
  [
    'characters of all details',
    '/clients',
    'authorization_details',
    'characters',
    { authorization_details: many('r', 9).map((id) => run(id, many('a'.repeat(400), 40))) },
    { authorization_details: many('r', 7).map((id) => run(id, many('a'.repeat(400), 40))) },
  ],
  [
    'implications of an audience',
    '/audiences',
    'permissions',
    `${MAX_IMPLICATIONS} implications`,
    { permissions: declared(900, 6) },
    { permissions: declared(900, 5) },
  ],
  [
    'permissions of a client',
    '/clients',
    'grants',
    `${MAX_GRANTED_PERMISSIONS} permissions`,
    { grants: wide(6) },
    { grants: wide(5) },
  ],
  [
    'declared permissions of the audiences of a client',
    '/clients',
    'grants',
    `${MAX_DECLARED_PERMISSIONS} permissions and implications`,
    { grants: many('deep-', 3).map((audience) => ({ audience, permissions: ['p1'] })) },
    { grants: many('deep-', 2).map((audience) => ({ audience, permissions: ['p1'] })) },
  ],
  [
    'capabilities of a plugin',
    '/plugins',
    'capabilities',
    `${MAX_CAPABILITIES_CHARS} characters`,
    { capabilities: many('c', 700) },
    { capabilities: many('c', 600) },
  ],
  [
    'capabilities of the plugins of a client',
    '/clients',
    'plugins',
    `${MAX_CLIENT_CAPABILITIES} capabilities`,
    { plugins: capable },
    { plugins: capable.slice(0, 15) },
  ],
]

describe.each(BOUNDS)('%s', (_, path, field, message, tooMuch, enough) => {
  const named = path === '/clients' ? { name: 'x' } : { id: `${field}-${message.length}` }
  it('are refused beyond the bound, with the field named', async () => {
    const answer = await api.call(callers.unbound, 'POST', path, { ...named, ...tooMuch })
    expect(answer.status).toBe(422)
    expect(answer.body).toMatchObject({ code: 'invalid_value', errors: [{ field }] })
    expect(answer.text).toContain(message)
  })
  it('are accepted up to the bound', async () => {
    const answer = await api.call(callers.unbound, 'POST', path, { ...named, ...enough })
    expect(answer.status, answer.text).toBe(201)
  })
})

it('list with long rows ends its parts early and has each row once', async () => {
  const actions = many('a'.repeat(400), 40)
  const details = many('r', 7).map((id) => run(id, actions))
  const made: string[] = []
  for (let i = 0; i < 45; i++) {
    made.push((await server.client({ workspaceId: 'globex', name: 'long', details })).id)
  }
  const seen: unknown[] = []
  const lengths: number[] = []
  for (let cursor = ''; ;) {
    const query = `?name=long&limit=1000${cursor && `&cursor=${cursor}`}`
    const { body } = await api.call(callers.unbound, 'GET', `/clients${query}`)
    const items = body['items'] as Record<string, unknown>[]
    seen.push(...items.map((item) => item['client_id']))
    lengths.push(items.length)
    if (typeof body['next_cursor'] !== 'string') break
    cursor = body['next_cursor']
  }
  expect(lengths).toEqual([20, 20, 5])
  expect(seen.toSorted()).toEqual(made.toSorted())
})

describe('client from before the bounds', () => {
  const actions = many('a', 470)
  const details = many('r', 30).map((id) => run(id, actions))

  it('gets tokens and may be renamed and reduced', async () => {
    const client = await server.client({
      grants: Object.fromEntries(many('wide-', 6).map((id) => [id, many('p', 1_000)])),
      plugins: capable,
      details,
    })
    const form = { audience: 'wide-1', scope: 'p1', plugin_id: 'p-acme' }
    const asked = JSON.stringify([{ type: 'tool_run', identifier: 'r1', actions: ['a1'] }])
    const token = { ...form, plugin_id: 'plugin-1', authorization_details: asked }
    expect((await server.requestToken(token, { basic: client })).status).toBe(200)
    const path = `/clients/${client.id}`
    for (const change of [
      { name: 'new' },
      { plugins: capable.slice(0, 15) },
      { grants: wide(5) },
      { authorization_details: details.slice(0, 10) },
    ]) {
      const answer = await api.call(callers.unbound, 'PATCH', path, change, await api.ifMatch(path))
      expect(answer.status, answer.text).toBe(200)
    }
  })

  it('is refused details that no token can carry, before the token is signed', () => {
    const asked = many('r', 30).map((identifier) => ({ type: 'tool_run', identifier }))
    expect(narrowDetails(details, asked)).toMatchObject({ refused: 'details_too_long' })
  })
})
