// Properties of every answer: headers, request ids, methods, and unforeseen errors.
import { beforeAll, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { DOCUMENT_PATHS, FORM_PATHS } from '../support/addresses.ts'
import { expectPrivate, expectRefusal } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import type { Store } from '../../src/store/store.ts'
import { type TestServer, startServer } from '../support/server.ts'

const DOCUMENTS = DOCUMENT_PATHS as readonly [string, string, string]
const OPERATIONS = ['/healthz', '/readyz', '/metrics'] as const

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

let server: TestServer
let client: ClientCredentials

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  const run = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }
  client = await server.client({ grants: { docs: ['read'] }, details: [run] })
})

describe('every answer', () => {
  type Ask = () => Promise<Response>
  const answers: [status: number, what: string, ask: Ask][] = [
    [200, 'a token', () => server.requestToken({}, { basic: client })],
    [200, 'an introspection', () => server.post('/oauth/introspect', 'token=x', { basic: client })],
    [200, 'a revocation', () => server.post('/oauth/revoke', 'token=x', { basic: client })],
    [200, 'a JWKS', () => server.request(DOCUMENTS[0])],
    [200, 'the metadata', () => server.request(DOCUMENTS[1])],
    [200, 'the OpenID Connect metadata', () => server.request(DOCUMENTS[2])],
    [200, 'health', () => server.request('/healthz')],
    [200, 'readiness', () => server.request('/readyz')],
    [
      304,
      'not modified',
      () => server.request(DOCUMENTS[0], { headers: { 'If-None-Match': '*' } }),
    ],
    [400, 'an authorization by a user', () => server.request('/oauth/authorize')],
    [400, 'a malformed request', () => server.post('/oauth/token', '%', {})],
    [401, 'a failed authentication', () => server.requestToken()],
    [404, 'an unknown address', () => server.request('/unknown')],
    [404, 'an unknown document', () => server.request('/.well-known/unknown')],
    [404, 'metrics without a token', () => server.request('/metrics')],
    [405, 'a wrong method', () => server.request('/oauth/token')],
    [405, 'a wrong method for a document', () => server.request(DOCUMENTS[0], { method: 'POST' })],
    [413, 'a body too large', () => server.post('/oauth/token', 'x'.repeat(70_000))],
    [
      429,
      'a quota used up',
      async () => {
        const bounded = await server.client({ quotaPerMinute: 1, grants: { docs: ['read'] } })
        await server.issue(bounded)
        return server.requestToken({}, { basic: bounded })
      },
    ],
    [
      500,
      'an unforeseen error',
      async () => {
        server.fail('findGrantedClient', new Error('unforeseen'))
        const response = await server.requestToken({}, { basic: client })
        server.heal()
        return response
      },
    ],
    [
      503,
      'a closed database',
      async () => {
        const other = await startServer()
        await other.store.close()
        return other.requestToken({}, { basic: client })
      },
    ],
  ]

  test.each(answers)(
    'has the security headers and its caching rule: %i, %s',
    async (status, what, ask) => {
      const response = await ask()
      expect(response.status).toBe(status)
      const headers = Object.fromEntries(response.headers)
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'x-request-id': expect.stringMatching(UUID) as unknown,
      })
      for (const absent of ['server', 'x-powered-by', 'set-cookie', 'location', 'vary']) {
        expect(headers).not.toHaveProperty(absent)
      }
      const document = /JWKS|metadata|not modified/.test(what)
      expect(headers['access-control-allow-origin']).toBe(document ? '*' : undefined)
      expect(headers['cache-control']).toBe(document ? 'public, max-age=3600' : 'no-store')
      const json = status !== 304 && what !== 'a revocation'
      expect(/\bjson$/.test(headers['content-type'] ?? '')).toBe(json)
    },
  )

  test('lacks Strict-Transport-Security for an http issuer on localhost', async () => {
    const local = await startServer({ issuer: 'http://localhost:8787' })
    const response = await local.request('/healthz')
    expect(response.headers.has('strict-transport-security')).toBe(false)
  })
})

describe('X-Request-Id', () => {
  const send = async (id: string) =>
    (await server.request('/healthz', { headers: { 'X-Request-Id': id } })).headers.get(
      'x-request-id',
    )

  test.each(['a', 'trace-1', 'A_b-9=', '4bf92f3577b34da6a3ce929d0e0e4736', 'x'.repeat(64)])(
    'repeats the valid id %s of the request',
    async (id) => {
      expect(await send(id)).toBe(id)
    },
  )

  test.each(['', 'x'.repeat(65), 'a b', 'a,b', 'a"b', '{}', 'a\tb', 'é', '${jndi:x}', '<script>'])(
    'replaces the invalid id %j of the request with a UUID',
    async (id) => {
      expect(await send(id)).toMatch(UUID)
    },
  )

  test('differs between two requests', async () => {
    const ids = [await server.request('/healthz'), await server.request('/healthz')].map(
      (response) => response.headers.get('x-request-id'),
    )
    expect(ids[0]).not.toBe(ids[1])
  })
})

describe('router', () => {
  const cases = [
    ...FORM_PATHS.flatMap((path) =>
      ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'].map(
        (method) => [method, path, 'POST'] as const,
      ),
    ),
    ...[...DOCUMENTS, ...OPERATIONS].flatMap((path) =>
      ['POST', 'PUT', 'DELETE', 'OPTIONS'].map((method) => [method, path, 'GET, HEAD'] as const),
    ),
    ...['PUT', 'DELETE', 'PATCH', 'OPTIONS'].map(
      (method) => [method, '/oauth/authorize', 'GET, HEAD, POST'] as const,
    ),
  ]
  test.each(cases)('refuses %s %s with 405 and Allow: %s', async (method, path, allow) => {
    const response = await server.request(path, { method })
    expect(response.headers.get('allow')).toBe(allow)
    if (method === 'HEAD') expect([response.status, await response.text()]).toEqual([405, ''])
    else await expectRefusal(response, [405, 'method_not_allowed', 'method_not_allowed'])
  })

  test.each([
    '/oauth',
    '/oauth/token/',
    '/oauth/token/x',
    '/OAUTH/TOKEN',
    '/oauth//token',
    '/oauth%2Ftoken',
    '/%ff',
    '/%',
    '/.well-known',
    '/.well-known/',
    '/.well-known/jwks.json/',
    '/.well-known/openid-configuration/',
    '/oauth/authorize/',
    '/authorize',
    '/admin',
    '/%2e%2e/etc/passwd',
    '/__proto__',
  ])('answers 404 at the unknown path %s', async (path) => {
    const response = await server.request(path)
    expect(response.headers.has('allow')).toBe(false)
    await expectRefusal(response, [404, 'not_found', 'not_found'])
  })
})

describe('server with a failing store', () => {
  const SECRET = 'lks_secret-in-a-message'
  const verbs = [
    ['findLogin', FORM_PATHS[0] ?? ''],
    ['findGrantedClient', FORM_PATHS[0] ?? ''],
    ['findActiveKey', FORM_PATHS[0] ?? ''],
    ['findGrantedClient', FORM_PATHS[1] ?? ''],
    ['findPublishedKey', FORM_PATHS[1] ?? ''],
    ['findRevocation', FORM_PATHS[1] ?? ''],
    ['findPublishedKey', FORM_PATHS[2] ?? ''],
    ['revokeToken', FORM_PATHS[2] ?? ''],
    ['isRunClosed', FORM_PATHS[3] ?? ''],
    ['closeRun', FORM_PATHS[3] ?? ''],
    ['listKeys', DOCUMENTS[0]],
  ] as const

  let runs = 0
  const ask = async (verb: keyof Store, path: string, error: Error) => {
    const token = await server.issue(client)
    const form = { grant_type: 'client_credentials', token, identifier: `run-${++runs}` }
    const headers = { 'X-Request-Id': 'trace-1' }
    server.lines.length = 0
    server.fail(verb, error)
    const response = path.startsWith('/oauth/')
      ? await server.post(path, form, { basic: client, headers })
      : await server.request(path, { headers })
    server.heal()
    return response
  }

  test.each(verbs)(
    'answers an unforeseen error of %s at %s with the request id and nothing else',
    async (verb, path) => {
      const error = new Error(`select * where x = ${SECRET}`, { cause: SECRET })
      const response = await ask(verb, path, error)
      const text = await response.text()
      expect([response.status, JSON.parse(text)]).toEqual([
        500,
        {
          error: 'server_error',
          error_description: 'An unexpected error occurred.',
          code: 'server_error',
          request_id: 'trace-1',
        },
      ])
      expect(JSON.stringify([text, ...response.headers])).not.toContain('secret')
      expect(response.headers.get('x-request-id')).toBe('trace-1')
      expect(server.lines.filter((line) => line.msg === 'server error')).toMatchObject([
        { requestId: 'trace-1', path, name: 'Error' },
      ])
    },
  )

  test.each(verbs)(
    'answers 503 with Retry-After when %s at %s is unavailable',
    async (verb, path) => {
      const response = await ask(verb, path, new Unavailable('SQLITE_BUSY'))
      expect(response.headers.get('retry-after')).toBe('1')
      const text = await response.clone().text()
      expect(text).not.toMatch(/sqlite/i)
      expect([response.status, JSON.parse(text)]).toMatchObject([
        503,
        { error: 'temporarily_unavailable', code: 'store_unavailable' },
      ])
      expect(server.lines.filter((line) => line.msg === 'store unavailable')).toMatchObject([
        { requestId: 'trace-1', path, driverCode: 'SQLITE_BUSY' },
      ])
    },
  )
})

describe('path in another spelling', () => {
  const spellings = [...FORM_PATHS, ...DOCUMENTS, '/healthz', '/docs', '/openapi.json'].flatMap(
    (path) => {
      const code = path.charCodeAt(1).toString(16)
      return [`/%${code}${path.slice(2)}`, `/%25${code}${path.slice(2)}`, `/${path}`, `${path}/`]
        .concat([`${path}%00`, `${path}%20`, `${path}%2F`, path.toUpperCase(), `${path};x`])
        .concat(
          path.replace('oauth/', 'oauth%2F') === path ? [] : path.replace('oauth/', 'oauth%2F'),
        )
    },
  )
  test.each(spellings)('%s reaches no route', async (path) => {
    for (const method of ['GET', 'POST']) {
      const response = await server.request(path, { method })
      await expectRefusal(response, [404, 'not_found', 'not_found'])
    }
  })

  test('is refused below /admin with 401 or 404', async () => {
    for (const path of ['/%61dmin/v1/clients', '/admin/v1/client%73', '/admin%2Fv1/clients']) {
      expect([401, 404], path).toContain((await server.request(path)).status)
    }
  })
})

describe('health', () => {
  const answer = async (from: TestServer, path: string) => {
    const response = await from.request(path)
    expectPrivate(response)
    return [response.status, await response.json()]
  }

  test('reports a process without its database as alive and not ready', async () => {
    const own = await startServer()
    expect(await answer(own, '/healthz')).toEqual([200, { status: 'ok' }])
    expect(await answer(own, '/readyz')).toEqual([200, { status: 'ok' }])
    await own.store.close()
    expect(await answer(own, '/healthz')).toEqual([200, { status: 'ok' }])
    expect(await answer(own, '/readyz')).toEqual([503, { status: 'unavailable' }])
  })

  test('reports a process without a signing key as not ready', async () => {
    const own = await startServer()
    own.sql(`update signing_keys set state = 'retiring', retired_at = 0 where state = 'active'`)
    expect(await answer(own, '/readyz')).toEqual([503, { status: 'unavailable' }])
  })
})
