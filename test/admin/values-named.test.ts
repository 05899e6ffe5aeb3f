// Values in refusals of the admin API: each refusal names the refused value, and never a secret
// from a field.
import { expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { badFields, expectProblem, startAdminApi } from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers
const client = await server.client()
const issued = await api.tokenOf(unbound)

type Bad = [request: string, body: object | undefined, errors: [field: string, end: string][]]

const tool = (members: object) => ({
  type: 'tool_run',
  identifier: '*',
  project_id: 'p',
  locations: '*',
  actions: '*',
  ...members,
})

const BAD: Bad[] = [
  ['GET /clients?status=foo', undefined, [['status', 'must be active or disabled, not foo']]],
  ['GET /clients?status=', undefined, [['status', ', not empty']]],
  ['GET /clients?limit=5000', undefined, [['limit', 'must be from 1 to 1000, not 5000']]],
  ['GET /clients?limit=x', undefined, [['limit', ', not x']]],
  ['GET /clients?limit=-5', undefined, [['limit', 'whole number from 1 to 1000, not -5']]],
  ['GET /clients?limit=', undefined, [['limit', 'whole number from 1 to 1000, not empty']]],
  ['GET /clients?cursor=x%0Ay', undefined, [['cursor', 'of this list, not x\\u{a}y']]],
  [`GET /clients?cursor=${'b'.repeat(5_000)}`, undefined, [['cursor', 'of this list, not …']]],
  ['GET /clients?plugin_id=-', undefined, [['plugin_id', ', not -']]],
  ['GET /tokens?client_id=', undefined, [['client_id', 'must not be empty']]],
  [
    'GET /tokens',
    undefined,
    [['client_id', 'is required, or run: a list of all tokens does not exist']],
  ],
  ['GET /revocations?client_id=', undefined, [['client_id', 'must not be empty']]],
  ['GET /revocations?kind=all', undefined, [['kind', ', not all']]],
  ['GET /audit?since=yesterday', undefined, [['since', ', not yesterday']]],
  ['GET /audit?actor=', undefined, [['actor', 'must not be empty']]],
  ['GET /keys?algorithm=HS256', undefined, [['algorithm', ', not HS256']]],
  ['GET /audiences?requires_plugin=1', undefined, [['requires_plugin', ', not 1']]],
  ['POST /keys/rotate', { algorithm: 'ed25519' }, [['algorithm', ', not ed25519']]],
  ['POST /keys/rotate', { now: 'true' }, [['now', 'must be true or false, not the text true']]],
  ['POST /audiences', { id: 'a', algorithm: 'HS256' }, [['algorithm', ', not HS256']]],
  [
    'POST /audiences',
    { id: 'a', algorithm: 'ES256' },
    [['algorithm', 'LATCHKEY_ALGORITHMS, not ES256']],
  ],
  ['POST /audiences', { id: 'a', token_ttl: 5 }, [['token_ttl', 'seconds, not 5']]],
  ['POST /audiences', { id: 'a', token_ttl: '600' }, [['token_ttl', ', not the text 600']]],
  ['POST /audiences', { id: 'a', token_ttl: null, permissions: 'x' }, [['permissions', ', not x']]],
  [
    'POST /audiences',
    { id: 'a', permissions: [{ name: 'a,b', implies: { c: 1 } }, 7] },
    [
      ['permissions.0.name', ', not a,b'],
      ['permissions.0.implies', 'must be a list, not an object'],
      ['permissions.1', 'must be an object, not 7'],
    ],
  ],
  ['POST /plugins', { id: 'a', trust: 'gold' }, [['trust', 'or restricted, not gold']]],
  ['POST /plugins', { id: 7 }, [['id', 'must be a text, not 7']]],
  ['POST /plugins', { id: ['a'] }, [['id', 'must be a text, not a list']]],
  ['POST /plugins', { id: 'a', name: ' ' }, [['name', 'must not be empty']]],
  ['POST /plugins', { id: 'a', name: 'n'.repeat(500) }, [['name', 'n…']]],
  ['POST /plugins', {}, [['id', 'must be a text, and is missing']]],
  [
    'POST /plugins',
    { id: 'a', capabilities: ['b', '*', true] },
    [
      ['capabilities.1', ', not *'],
      ['capabilities.2', ', not true'],
    ],
  ],
  ['POST /workspaces', { id: null }, [['id', 'must be a text, not null']]],
  ['POST /workspaces', { id: 'a b' }, [['id', ', not a b']]],
  [
    'POST /clients',
    { name: 'a', auth_method: 'private_key_jwt', quota_per_minute: 0.5, ledger: 'no' },
    [
      ['auth_method', ', not private_key_jwt'],
      ['quota_per_minute', ', not 0.5'],
      ['ledger', 'must be true or false, not no'],
    ],
  ],
  ['POST /clients', { name: 'a', workspace_id: null }, [['workspace_id', ', not null']]],
  [
    'POST /clients',
    { name: 'a', authorization_details: [tool({ project_id: ['p'] })] },
    [['authorization_details.0.project_id', ', not a list']],
  ],
  [
    'POST /clients',
    { name: 'a', authorization_details: [tool({ projectId: 'p' })] },
    [['authorization_details.0.projectId', 'must be written project_id']],
  ],
  ['POST /enrollments', { name: 'a', expires_in: 86_401 }, [['expires_in', ', not 86401']]],
  [
    `POST /clients/${client.id}/secrets`,
    { previous_expires_in: -1 },
    [['previous_expires_in', ', not -1']],
  ],
  ['POST /revocations', { token: 5 }, [['token', 'must be a text']]],
  ['POST /runs/a%20b/revoke', {}, [['identifier', ', not a b']]],
]

const refusals = () => server.lines.filter(({ msg }) => msg === 'refused')

it.each(BAD)('refusal of %s %j names the value', async (request, body, errors) => {
  const [method = '', path = ''] = request.split(' ')
  server.lines.length = 0
  const answer = await api.unchangedBy(() => api.call(unbound, method, path, body))
  expectProblem(answer, 422, 'invalid_value')
  expect(badFields(answer)).toEqual(errors.map(([field]) => field))
  const details = (answer.body['errors'] as { detail: string }[]).map(({ detail }) => detail)
  for (const [i, [field, end]] of errors.entries()) {
    const detail = details[i] ?? ''
    expect(detail.endsWith(end), detail).toBe(true)
    expect(detail).not.toMatch(new RegExp(`^${field}:`))
    expect(detail.length).toBeLessThan(400)
  }
  expect(refusals()).toMatchObject([
    {
      msg: 'refused',
      code: 'invalid_value',
      detail: answer.body['detail'],
      clientId: unbound.client.id,
    },
  ])
})

it('log line of a token without the permission names its client', async () => {
  server.lines.length = 0
  const answer = await api.call(callers.readOnly, 'POST', '/plugins', { id: 'a' })
  expectProblem(answer, 403, 'permission_missing')
  expect(refusals()).toMatchObject([
    { msg: 'refused', code: 'permission_missing', clientId: callers.readOnly.client.id },
  ])
})

/** A client secret, and a token with text around it. */
const PASTED = [client.secret, `Bearer ${issued} x`]

const expectNothingOf = (text: string): void => {
  expect(text).not.toContain(client.secret.slice(4, 20))
  for (const part of issued.split('.')) expect(text).not.toContain(part.slice(0, 40))
}

const ADDRESSES = ENDPOINTS.map(({ method, path, query, body }) => ({
  method: method.toUpperCase(),
  path: path.replace(/\{\w+\}/g, 'nope'),
  query: Object.keys(query?.shape ?? {}),
  body: Object.keys(body?.shape ?? {}),
})).filter(({ query, body }) => query.length + body.length > 0)

/** Secrets as a text, an entry of a list, a member of an object, and the name of a member. */
const placed = (member: string, secret: string): object[] => [
  { [member]: secret },
  { [member]: [secret] },
  { [member]: [{ type: secret, name: secret, audience: secret, permissions: [secret] }] },
  { [member]: [{ ...tool({}), [secret]: [secret, secret] }] },
  { [member]: [tool({ token: secret, locations: [{ a: secret }] })] },
  { [member]: { [secret]: secret } },
  { [secret]: secret },
]

it.each(ADDRESSES)('$method $path repeats no secret', async ({ method, path, query, body }) => {
  for (const secret of PASTED) {
    const requests: [path: string, body?: object][] = [
      ...query.map((name): [string] => [`${path}?${new URLSearchParams({ [name]: secret })}`]),
      ...body.flatMap((member) =>
        placed(member, secret).map((sent): [string, object] => [
          path,
          { id: 'x', name: 'x', type: 'x', ...sent },
        ]),
      ),
    ]
    for (const [to, sent] of requests) {
      const headers = method === 'GET' || method === 'POST' ? {} : { 'If-Match': '*' }
      server.lines.length = server.events.length = 0
      const answer = await api.callWith(issued, method, to, sent, headers)
      if (answer.status < 400) continue
      expect([404, 409, 422]).toContain(answer.status)
      expectNothingOf(answer.text + JSON.stringify(server.lines) + JSON.stringify(server.events))
    }
  }
})

it.each([
  ['a permission', { grants: [{ audience: 'docs', permissions: [client.secret] }] }],
  [
    'a type of resources',
    {
      workspace_id: 'acme',
      authorization_details: [{ type: client.secret, identifier: 'x', actions: '*', parts: '*' }],
    },
  ],
  ['a plugin', { plugins: [client.secret] }],
])('refusal of a secret as the name of %s does not repeat it', async (_, fields) => {
  const answer = await api.callWith(issued, 'POST', '/clients', { name: 'a', ...fields })
  expectProblem(answer, 422, 'unknown_reference')
  expectNothingOf(answer.text)
})

/** Values that do not look like a secret: the name of the field marks them as one. */
it.each(['POST /revocations token', 'PUT /clients/nope/authorization-details api_key'])(
  'refusal at %s hides the value, because the name of the field sounds secret',
  async (request) => {
    const [method = '', path = '', member = ''] = request.split(' ')
    const sent =
      method === 'POST'
        ? { [member]: 12_345 }
        : { authorization_details: [tool({ [member]: { pass: 'hunter2' } })] }
    const answer = await api.callWith(issued, method, path, sent, { 'If-Match': '*' })
    expect(answer.text).not.toMatch(/12345|hunter2/)
  },
)

it('refusal of an encoded body has a matching title and detail', async () => {
  const headers = { 'Content-Encoding': 'br' }
  const answer = await api.callWith(issued, 'POST', '/plugins', { id: 'a' }, headers)
  expectProblem(answer, 415, 'content_encoding_unsupported')
  expect(answer.body['title']).toBe('The Content-Encoding must be identity or left out.')
  expect(answer.body['detail']).toBe('the Content-Encoding must be identity or left out; it is br')
})

const FILTERS = ENDPOINTS.flatMap(({ path, query }) =>
  Object.keys(query?.shape ?? {}).map((name) => [path, name] as const),
)
it.each(FILTERS)(
  'refusal of GET %s?%s= shows the value that was sent, and does not call it a text',
  async (path, name) => {
    const address = path.replaceAll(/{\w+}/g, client.id)
    let refused = 0
    for (const value of ['-5', '1.5', 'true', 'null', '99999999999']) {
      const answer = await api.call(unbound, 'GET', `${address}?${name}=${value}`)
      if (answer.status !== 422) continue
      refused += 1
      expect(answer.text).not.toContain('the text')
      const errors = answer.body['errors'] as { field: string; detail: string }[]
      const detail = errors.find(({ field }) => field === name)?.detail ?? ''
      expect(detail === '' || detail.endsWith(`, not ${value}`), detail).toBe(true)
    }
    if (name === 'limit') expect(refused).toBe(5)
  },
)
