// Successful answers of each endpoint. The client of these tests compares every body with the
// OpenAPI document.
import { describe, expect, it, test } from 'vitest'
import { MIN_TOKEN_TTL_SECONDS } from '../../src/constants.ts'
import { type Answer, BASE, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { goodRequest, makeThings } from '../support/admin-requests.ts'
import { decode } from '../support/jwt.ts'

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers

const needsIfMatch = (method: string): boolean => ['PUT', 'PATCH', 'DELETE'].includes(method)

const ask = async ({ id, method }: { id: string; method: string }) => {
  await server.setWorkspaceStatus('acme', 'active')
  const { path, body } = goodRequest(id, await makeThings(api))
  const headers = needsIfMatch(method) ? await api.ifMatch(path) : {}
  return { path, answer: await api.call(unbound, method, path, body, headers) }
}

const quoted = (etag: unknown): string => `"${String(etag)}"`

const reads = api.operations.filter(({ method }) => method === 'GET')
const makers = api.operations.filter(({ answers }) => answers.has(201))

describe.each(api.operations)('$method $path', (operation) => {
  it('answers with the ETag of the body', async () => {
    const { answer } = await ask(operation)
    expect(operation.answers.keys().next().value).toBe(answer.status)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    if ('etag' in answer.body) {
      expect(answer.headers.get('etag')).toBe(quoted(answer.body['etag']))
    }
  })
})

describe.each(makers)('$method $path', (operation) => {
  it('names the address of what it made in Location', async () => {
    const { answer } = await ask(operation)
    const location = answer.headers.get('location') ?? ''
    expect(location.startsWith(`${BASE}/`)).toBe(true)
    const found = await api.read(location.slice(BASE.length))
    const { client_secret: _s, enrollment_token: _t, secret_id: id, ...made } = answer.body
    if ('items' in found) expect(found['items']).toHaveLength(1)
    else expect(found).toEqual(operation.id === 'secretAdd' ? { ...made, secret_id: id } : made)
  })
})

describe.each(reads)('$method $path', (operation) => {
  it('answers HEAD like GET, without the body', async () => {
    const { path, answer } = await ask(operation)
    const response = await server.request(BASE + path, {
      method: 'HEAD',
      headers: { Authorization: `Bearer ${await api.tokenOf(unbound)}` },
    })
    expect([response.status, await response.text()]).toEqual([200, ''])
    for (const name of ['etag', 'content-type', 'cache-control']) {
      expect(response.headers.get(name)).toBe(answer.headers.get(name))
    }
  })

  it('answers 304 to a request with the current ETag', async () => {
    const { path, answer } = await ask(operation)
    const etag = answer.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\x21\x23-\x7e]+"$/)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await api.call(unbound, 'GET', path, undefined, { 'If-None-Match': known })
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag])
      expect(again.headers.get('cache-control')).toBe('no-store')
    }
    const other = await api.call(unbound, 'GET', path, undefined, { 'If-None-Match': '"other"' })
    expect(other.text).toBe(answer.text)
  })
})

test('refusal is never answered with 304', async () => {
  const headers = { 'If-None-Match': '*', 'X-Request-Id': 'same' }
  expectProblem(
    await api.callWith(null, 'GET', '/clients', undefined, headers),
    401,
    'token_missing',
  )
  const unknown = await api.call(unbound, 'GET', '/clients/nobody', undefined, headers)
  expectProblem(unknown, 404, 'not_found')
})

describe('administration', () => {
  const created_at = '2026-01-01T00:00:00Z'
  const etag = expect.stringMatching(/^[\w-]{16}$/) as unknown

  const made: [noun: string, body: Record<string, unknown>, shown: Record<string, unknown>][] = [
    ['workspaces', { id: 'w/1' }, { name: 'w/1', status: 'active', generation: 1 }],
    ['workspaces', { id: 'w/2', name: ' Two ' }, { name: 'Two', status: 'active', generation: 1 }],
    [
      'audiences',
      { id: 'https://a.example/x?y=%2F' },
      { permissions: [], requires_plugin: false, token_ttl: null, algorithm: 'RS256' },
    ],
    [
      'audiences',
      {
        id: 'a1',
        permissions: [{ name: 'b', implies: [] }],
        requires_plugin: true,
        token_ttl: MIN_TOKEN_TTL_SECONDS,
      },
      { algorithm: 'RS256' },
    ],
    [
      'audiences',
      { id: 'a2', permissions: [{ name: 'b' }, { name: 'c', implies: ['b'] }] },
      {
        permissions: [
          { name: 'b', implies: [] },
          { name: 'c', implies: ['b'] },
        ],
        requires_plugin: false,
        token_ttl: null,
        algorithm: 'RS256',
      },
    ],
    [
      'plugins',
      { id: 'p:1/2~3' },
      {
        name: 'p:1/2~3',
        trust: 'restricted',
        capabilities: [],
        snapshot: null,
        status: 'active',
        generation: 1,
      },
    ],
    [
      'plugins',
      { id: 'p2', name: 'P', trust: 'bundled', capabilities: ['a', 'b:c', 'a'], snapshot: 's1' },
      { capabilities: ['a', 'b:c'], status: 'active', generation: 1 },
    ],
  ]
  it.each(made)('creates a record once: %s %j', async (noun, body, shown) => {
    const answer = await api.call(unbound, 'POST', `/${noun}`, body)
    expect(answer.status, answer.text).toBe(201)
    expect(answer.body).toEqual({ ...body, ...shown, created_at, etag })
    expectProblem(await api.call(unbound, 'POST', `/${noun}`, body), 409, 'already_exists')
  })

  const change = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await api.change(unbound, 'PATCH', path, body)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body).toEqual(await api.read(path))
    return answer.body
  }

  it('changes the named members only, with a new etag', async () => {
    for (const [path, body, rest] of [
      ['/workspaces/w%2F1', { name: 'One' }, { generation: 1 }],
      ['/audiences/a1', { token_ttl: null }, { requires_plugin: true }],
      ['/plugins/p2', { snapshot: null, trust: 'trusted' }, { name: 'P', generation: 2 }],
    ] as const) {
      const before = await api.read(path)
      const after = await change(path, body)
      expect(after).toEqual({ ...before, ...body, ...rest, etag })
      expect(after['etag']).not.toBe(before['etag'])
    }
  })

  it('leads a client from its creation to its deletion', async () => {
    const grants = [{ audience: 'docs', permissions: ['read'] }]
    const made = await api.call(unbound, 'POST', '/clients', {
      name: 'c',
      workspace_id: 'acme',
      plugins: ['p-acme', 'p-made'],
      create_plugins: true,
      grants: [...grants, { audience: 'other', permissions: [] }],
      introspects: ['docs'],
      quota_per_minute: 9,
    })
    const { client_id: id, client_secret: secret } = made.body as Record<string, string>
    const client = { id: id ?? '', secret: secret ?? '' }
    const path = `/clients/${id}`
    expect(await api.read(path)).toEqual({
      client_id: expect.stringMatching(/^lkc_[\w-]{22}$/) as unknown,
      name: 'c',
      workspace_id: 'acme',
      status: 'active',
      plugins: ['p-acme', 'p-made'],
      grants,
      introspects: ['docs'],
      authorization_details: [],
      software_id: null,
      unused_after_days: null,
      auth_method: 'client_secret_basic',
      token_ttl: null,
      ledger: false,
      quota_per_minute: 9,
      generation: 1,
      created_at,
      etag,
    })
    const token = await server.issue(client, { audience: 'docs', plugin_id: 'p-acme' })
    expect(decode(token).claims).toMatchObject({ scope: 'read', client_gen: 1 })

    expect(await change(path, { plugins: ['p-acme'] })).toMatchObject({ generation: 2 })
    for (const [action, shown] of [
      ['disable', { status: 'disabled', generation: 3 }],
      ['enable', { status: 'active', generation: 3 }],
      ['revoke-tokens', { status: 'active', generation: 4 }],
    ] as const) {
      const { status, body } = await api.call(unbound, 'POST', `${path}/${action}`)
      expect({ status, body }).toMatchObject({ status: 200, body: shown })
      const { status: login } = await server.requestToken({}, { basic: client })
      expect(login).toBe(action === 'disable' ? 401 : 200)
    }

    const deleted = await api.change(unbound, 'DELETE', path)
    expect(deleted.body).toEqual({ client_id: id, status: 'deleted' })
    expectProblem(await api.call(unbound, 'GET', path), 404, 'not_found')
    expect((await server.requestToken({}, { basic: client })).status).toBe(401)
  })

  it('adds, shows and revokes the secrets of a client', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const path = `/clients/${client.id}/secrets`
    server.advance(1) // newest first
    const body = { name: 'second', expires_in: 60, previous_expires_in: 30 }
    const added = await api.call(unbound, 'POST', path, body)
    const { client_secret: text, ...shown } = added.body
    expect(shown).toEqual({
      secret_id: expect.stringMatching(/^secret_[\w-]{22}$/) as unknown,
      client_id: client.id,
      name: 'second',
      hint: String(text).slice(-4),
      created_at: '2026-01-01T00:00:01Z',
      expires_at: '2026-01-01T00:01:01Z',
      last_used_at: null,
      etag: expect.any(String),
    })
    const [second, first] = await api.readAll(unbound, path)
    expect([second, first?.['expires_at']]).toEqual([shown, '2026-01-01T00:00:31Z'])
    const own = `${path}/${String(shown['secret_id'])}`
    expect(await api.read(own)).toEqual(shown)
    expect((await api.change(unbound, 'DELETE', own)).body).toMatchObject({ revoked: true })
    expectProblem(await api.call(unbound, 'GET', own), 404, 'not_found')
    const login = await server.requestToken({}, { basic: { ...client, secret: String(text) } })
    expect(login.status).toBe(401)
    for (let live = 1; live < 5; live++)
      expect((await api.call(unbound, 'POST', path)).status).toBe(201)
    expectProblem(await api.call(unbound, 'POST', path), 409, 'too_many_secrets')
  })

  it('suspends a workspace, which issues no token until it is resumed', async () => {
    const client = await server.client({ workspaceId: 'w/1', grants: { docs: ['read'] } })
    const statusOfLogin = async () => (await server.requestToken({}, { basic: client })).status
    for (const [action, status, login] of [
      ['suspend', 'suspended', 401],
      ['resume', 'active', 200],
    ] as const) {
      const answer: Answer = await api.call(unbound, 'POST', `/workspaces/w%2F1/${action}`)
      expect(answer.body).toMatchObject({ status, generation: 2 })
      expect(await statusOfLogin()).toBe(login)
    }
  })

  it('revokes a token and shows its rule', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const token = await server.issue(client)
    const { jti, exp } = decode(token).claims
    const answer = await api.call(unbound, 'POST', '/revocations', { token })
    expect(answer.body).toEqual({ jti, client_id: client.id, known: true, revoked: true })
    expect(await server.introspect(client, token)).toEqual({ active: false })
    const [rule] = await api.readAll(unbound, `/revocations?client_id=${client.id}`)
    const expires_at = new Date(Number(exp) * 1000).toISOString().replace('.000Z', 'Z')
    expect(rule).toMatchObject({ kind: 'jti', value: jti, gen: null, expires_at })
    for (const text of ['', 'x.y.z', `${token.slice(0, -6)}AAAAAA`]) {
      const refused = await api.call(unbound, 'POST', '/revocations', { token: text })
      expectProblem(refused, 404, 'not_found')
    }
  })

  it('revokes a key and replaces it', async () => {
    const keys = await api.readAll(unbound, '/keys')
    const kid = keys.find(({ state }) => state === 'active')?.['kid']
    const { body } = await api.call(unbound, 'POST', `/keys/${String(kid)}/revoke`)
    const after = body['items'] as Record<string, unknown>[]
    expect(after.find((key) => key['kid'] === kid)).toMatchObject({ state: 'revoked' })
    const live = after.map(({ state }) => state).filter((state) => state !== 'revoked')
    expect(live.toSorted()).toEqual(['active', 'next'])
    expect(JSON.stringify(after)).not.toMatch(/"d"|"n"|private/)
  })
})
