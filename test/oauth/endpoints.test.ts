// Table of the OAuth addresses: each column is right for each address.
import { beforeAll, describe, expect, it } from 'vitest'
import { type Method, operationsOf } from '../../src/oauth/endpoint.ts'
import { CREDENTIALS } from '../../src/oauth/parameters.ts'
import { ENDPOINTS } from '../../src/oauth/table.ts'
import { FORM_PATHS, GOOD_FORMS, pathTo } from '../support/addresses.ts'
import { expectRefusal } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import { FORM_TYPE, type TestServer, basic, encodeForm, startServer } from '../support/server.ts'

let server: TestServer
let client: ClientCredentials
beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  client = await server.client({ grants: { docs: ['read'] } })
})

const OPERATIONS = ENDPOINTS.flatMap((endpoint) =>
  operationsOf(endpoint).map(([method, operation]) => ({ ...endpoint, method, ...operation })),
)

type Sent = { method: Method; body: string }

/** A request that the address accepts, apart from its credential. */
const requestOf = (path: string, { method, body }: Sent, headers: Record<string, string> = {}) => {
  const type = body === 'json' ? 'application/json' : FORM_TYPE
  const text = body === 'json' ? '{"client_name":"x"}' : encodeForm(GOOD_FORMS[path] ?? {})
  return {
    method,
    headers: { ...(body !== 'none' && { 'Content-Type': type }), ...headers },
    ...(body !== 'none' && { body: text }),
  }
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

describe('methods of an address', () => {
  it.each(ENDPOINTS)('are answered, and others get 405 with Allow: $path', async (endpoint) => {
    const own = operationsOf(endpoint).map(([method]) => method as string)
    const allow = own.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    for (const method of METHODS) {
      const response = await server.request(pathTo(endpoint), { method })
      expect(response.status === 405, method).toBe(!own.includes(method))
      if (own.includes(method)) continue
      expect(response.headers.get('allow')?.split(', ')).toEqual(allow)
      expect(await response.json()).toMatchObject({ code: 'method_not_allowed' })
    }
  })
})

describe('authentication', () => {
  const CHALLENGES = {
    none: null,
    client: 'Basic realm="latchkey"',
    'enrollment token': 'Bearer',
    'registration access token': 'Bearer',
  } as const

  it.each(OPERATIONS)('is $authentication at $method $path', async (one) => {
    const response = await server.request(pathTo(one), requestOf(one.path, one))
    const challenge = CHALLENGES[one.authentication]
    expect(response.headers.get('www-authenticate')).toBe(challenge)
    expect(response.status === 401).toBe(challenge !== null)
  })
})

describe('caching', () => {
  it.each(OPERATIONS)('is $caching at $method $path', async (one) => {
    const credential =
      one.authentication === 'client' ? { Authorization: basic(client) } : undefined
    const response = await server.request(pathTo(one), requestOf(one.path, one, credential))
    const isPublic = one.caching !== 'no-store'
    expect(response.headers.get('cache-control')).toMatch(
      isPublic ? /^public, max-age=\d+$/ : /^no-store$/,
    )
    expect(response.headers.get('pragma')).toBe(isPublic ? null : 'no-cache')
    expect(response.headers.get('access-control-allow-origin')).toBe(isPublic ? '*' : null)
    expect(response.headers.has('etag')).toBe(one.caching === 'validated')
  })
})

describe('body', () => {
  it('endpoint accepts a form only where a client authenticates', () => {
    const ofForms = ENDPOINTS.filter(({ path }) => FORM_PATHS.includes(path))
    expect(ofForms.length).toBeGreaterThan(3)
    expect(ofForms.filter(({ authentication }) => authentication !== 'client')).toEqual([])
    expect(Object.keys(GOOD_FORMS)).toEqual(FORM_PATHS)
  })

  it.each(FORM_PATHS)('is refused as JSON at %s', async (path) => {
    const headers = { 'Content-Type': 'application/json', Authorization: basic(client) }
    const response = await server.request(path, { method: 'POST', headers, body: '{}' })
    expect(await response.json()).toMatchObject({ code: 'media_type_unsupported' })
  })
})

describe('credential in the query', () => {
  const SECRET = `lks_${'x'.repeat(43)}`
  const spelled = (name: string) => [name, `${name}[]`, `${name}s`, name.toUpperCase()]

  it.each(OPERATIONS)('is refused and never repeated at $method $path', async (one) => {
    const headers = one.authentication === 'client' ? { Authorization: basic(client) } : {}
    for (const name of CREDENTIALS.flatMap(spelled)) {
      server.lines.length = 0
      const query = new URLSearchParams([[name, SECRET]]).toString()
      const sent = requestOf(one.path, one, headers)
      const response = await server.request(`${pathTo(one)}?${query}`, sent)
      const shown = (await response.clone().text()) + JSON.stringify(server.lines)
      expect(response.status, name).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'parameter_in_query' })
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(shown).not.toContain(SECRET.slice(4, 20))
    }
  })

  it('server refuses a credential in the query before it authenticates the caller', async () => {
    const response = await server.request('/oauth/register/x?registration_access_token=y')
    await expectOpenRefusal(response)
  })

  it.each(OPERATIONS)('is not found in other words at $method $path', async (one) => {
    const query = 'trace=1&x=2&tokenizer=3&keys=4&code=5'
    const response = await server.request(`${pathTo(one)}?${query}`, requestOf(one.path, one))
    expect(await response.text()).not.toContain('parameter_in_query')
  })
})

const expectOpenRefusal = (response: Response) =>
  expectRefusal(response, [400, 'invalid_request', 'parameter_in_query'])
