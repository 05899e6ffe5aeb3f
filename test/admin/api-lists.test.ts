// Lists in parts: each row comes once and in order during changes; filters; cursors.
import { describe, expect, it, test } from 'vitest'
import { DEFAULT_PAGE } from '../../src/constants.ts'
import { badFields, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { decode } from '../support/jwt.ts'

type Item = Record<string, unknown>

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers

/** Fills every list with several rows, most of them made in the same second. */
const fill = async () => {
  const own = await server.client({
    workspaceId: 'acme',
    plugins: ['p-acme'],
    grants: { docs: ['read'] },
    ledger: true,
  })
  for (let i = 0; i < 4; i++) {
    if (i === 2) server.advance(1)
    await server.workspace(`w${i}`)
    await server.audience(`a${i}`, ['x'], { requiresPlugin: i % 2 === 1 })
    await server.plugin(`p${i}`, { trust: 'trusted', capabilities: i % 2 ? ['c'] : ['c:d'] })
    await server.client({ workspaceId: `w${i}`, name: `n${i % 2}`, grants: { [`a${i}`]: ['x'] } })
    await server.addSecret(own.id)
    await server.store.revokeClientTokens(own.id, server.seconds())
    await server.store.revokePluginTokens(`p${i}`, server.seconds())
    await server.issue(own)
    const run = { workspaceId: i % 2 ? 'acme' : 'default', identifier: `run${i}` }
    await server.store.closeRun(run, server.seconds())
  }
  await server.setWorkspaceStatus('w1', 'suspended')
  return own
}

const own = await fill()
const token = await server.issue(await server.client({ grants: { docs: ['read'] } }))
await api.call(unbound, 'POST', '/revocations', { token })
const { jti, client_id: revokedOf } = decode(token).claims

const idOf = ({ id, client_id, secret_id, kid, seq, jti, identifier }: Item): unknown =>
  secret_id ?? kid ?? seq ?? jti ?? identifier ?? id ?? client_id
const ids = (items: readonly Item[]): unknown[] => items.map(idOf)

/** Every list of the API. */
const LISTS = [
  '/workspaces',
  '/audiences',
  '/plugins',
  '/clients',
  `/clients/${own.id}/secrets`,
  '/revocations',
  '/keys',
  '/runs',
  `/tokens?client_id=${own.id}`,
] as const

const withQuery = (path: string, query: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}${query}`

const partOf = async (path: string, query: string) => {
  const { body } = await api.call(unbound, 'GET', withQuery(path, query))
  return body as { items: Item[]; next_cursor: string | null }
}

describe.each(LISTS)('list %s', (path) => {
  it.each([1, 2, 1_000])('is complete in parts of %d', async (limit) => {
    const all = await partOf(path, '')
    expect(all.next_cursor).toBeNull()
    expect(all.items.length).toBeGreaterThan(1)
    expect(await api.readAll(unbound, path, limit)).toEqual(all.items)
    expect(new Set(ids(all.items)).size).toBe(all.items.length)
  })

  it('has the order of creation', async () => {
    const { items } = await partOf(path, '')
    // Within a second, runs have the order of their rules, and tokens the order in which they were
    // written.
    const hidden = ['/runs', '/tokens'].some((list) => path.startsWith(list))
    const madeAt = ({ created_at: made, closed_at: closed, issued_at: issued }: Item) =>
      String(made ?? closed ?? issued)
    const keys = items.map((item) => `${madeAt(item)} ${hidden ? '' : String(idOf(item))}`)
    if (path === '/revocations')
      expect(ids(items)).toEqual(ids(items).toSorted((a, b) => Number(a) - Number(b)))
    else if (path.endsWith('/secrets')) expect(keys).toEqual(keys.toSorted().toReversed())
    else expect(keys).toEqual(keys.toSorted())
  })

  it.each([
    'x',
    'W10',
    'e30',
    'bnVsbA',
    'WzFd',
    'WzEsMl0',
    'Wy0xLCJhIl0',
    'WzEuNSwiYSJd',
    'WyJhIiwxXQ',
    '%00',
    '..',
  ])('refuses the cursor %s', async (cursor) => {
    const answer = await api.call(unbound, 'GET', withQuery(path, `cursor=${cursor}`))
    expectProblem(answer, 422, 'invalid_value')
    expect(badFields(answer)).toEqual(['cursor'])
  })

  it('refuses the cursor of any other list', async () => {
    const { next_cursor: cursor } = await partOf(path, 'limit=1')
    const other = await makeOther()
    for (const list of [...LISTS, `/clients/${other}/secrets`]) {
      if (list === path) continue
      const answer = await api.call(unbound, 'GET', withQuery(list, `cursor=${cursor}`))
      expectProblem(answer, 422, 'invalid_value')
    }
  })
})

const makeOther = async (): Promise<string> => (await server.client({ workspaceId: 'acme' })).id

describe('list during additions and removals', () => {
  it('has every other row once', async () => {
    await server.workspace('busy')
    for (let i = 0; i < 6; i++) await server.client({ workspaceId: 'busy' })
    const path = '/clients?workspace_id=busy'
    const before = await api.readAll(unbound, path)
    const [, removed] = before
    const seen: Item[] = []
    let cursor: string | null = ''
    for (let turn = 0; cursor !== null; turn++) {
      const query: string = `limit=1${cursor && `&cursor=${cursor}`}`
      const { body } = await api.call(unbound, 'GET', `${path}&${query}`)
      const [item = {}] = body['items'] as Item[]
      seen.push(item)
      cursor = body['next_cursor'] as string | null
      server.advance(1)
      if (turn === 0) await server.deleteClient(String(idOf(removed ?? {})))
      if (turn === 2) await server.deleteClient(String(idOf(item))) // the client that the cursor names
      if (turn < 3) await server.client({ workspaceId: 'busy', name: 'late' })
    }
    const isLate = ({ name }: Item): boolean => name === 'late'
    expect(seen.filter(isLate)).toHaveLength(3)
    expect(seen.filter((item) => !isLate(item))).toEqual(before.filter((item) => item !== removed))
  })
})

describe('filter', () => {
  const cases: [query: string, expected: unknown[] | ((item: Item) => boolean)][] = [
    ['/workspaces?status=suspended', ['w1']],
    ['/audiences?requires_plugin=true', ({ requires_plugin: needs }) => needs === true],
    ['/audiences?requires_plugin=false', ({ requires_plugin: needs }) => needs === false],
    ['/audiences?algorithm=ES256', []],
    [
      '/audiences?algorithm=RS256&requires_plugin=true',
      ({ requires_plugin: needs }) => needs === true,
    ],
    ['/plugins?trust=trusted', ['p0', 'p1', 'p2', 'p3']],
    ['/plugins?capability=c', ['p1', 'p3']],
    ['/plugins?capability=c:d&trust=trusted', ['p0', 'p2']],
    ['/plugins?capability=c&trust=bundled', []],
    ['/clients?workspace_id=acme', ({ workspace_id: id }) => id === 'acme'],
    ['/clients?name=n1', ({ name }) => name === 'n1'],
    ['/clients?name=n1&workspace_id=w0', []],
    ['/clients?audience=a2', ({ workspace_id: id }) => id === 'w2'],
    ['/clients?plugin_id=p-acme', ({ plugins }) => JSON.stringify(plugins).includes('p-acme')],
    ['/clients?status=active', ({ status }) => status === 'active'],
    ['/clients?workspace_id=nowhere', []],
    [`/clients/${own.id}/secrets?name=none`, []],
    ['/revocations?kind=plugin', ({ kind }) => kind === 'plugin'],
    [`/revocations?client_id=${own.id}`, ({ value }) => value === own.id],
    [`/revocations?kind=jti&client_id=${String(revokedOf)}`, ({ value }) => value === jti],
    ['/revocations?client_id=nobody', []],
    ['/runs?workspace_id=acme', ({ workspace_id: id }) => id === 'acme'],
    ['/runs?workspace_id=nowhere', []],
    ['/revocations?kind=run', ({ kind }) => kind === 'run'],
    ['/keys?state=next', ({ state }) => state === 'next'],
    ['/keys?state=revoked', []],
    ['/keys?algorithm=RS256', () => true],
  ]
  test.each(cases)('%s selects its rows', async (query, expected) => {
    const [path = ''] = query.split('?')
    const wanted = Array.isArray(expected)
      ? expected
      : ids((await api.readAll(unbound, path)).filter(expected))
    if (!Array.isArray(expected)) expect(wanted).not.toEqual([])
    expect(ids(await api.readAll(unbound, query))).toEqual(wanted)
    expect(ids(await api.readAll(unbound, query, 1))).toEqual(wanted)
  })

  test.each([
    '/workspaces?status=deleted',
    '/audiences?requires_plugin=1',
    '/audiences?algorithm=HS256',
    '/plugins?trust=full',
    '/plugins?capability=*',
    '/clients?status=deleted',
    '/clients?workspace_id=*',
    '/clients?audience=a%20b',
    '/clients?name=',
    '/revocations?kind=scope',
    '/runs?workspace_id=*',
    `/tokens?client_id=${'x'.repeat(257)}`,
    '/tokens?run=*',
    '/keys?state=gone',
  ])('%s is refused', async (query) => {
    const answer = await api.call(unbound, 'GET', query)
    expectProblem(answer, 422, 'invalid_value')
    expect(badFields(answer)).toEqual([/\?(\w+)/.exec(query)?.[1]])
  })
})

test('list without a limit has DEFAULT_PAGE rows', async () => {
  for (let i = 0; i <= DEFAULT_PAGE; i++) await server.plugin(`many${i}`)
  const { items, next_cursor: cursor } = await partOf('/plugins', '')
  expect(items).toHaveLength(DEFAULT_PAGE)
  expect(cursor).not.toBeNull()
})
