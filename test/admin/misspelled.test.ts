// Misspelled fields and filters of the admin API: each is refused, and the refusal names the right
// spelling.
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { grantedDetails } from '../../src/admin/fields.ts'
import { parse } from '../../src/admin/operation.ts'
import { badFields, expectProblem, refusalOf, startAdminApi } from '../support/admin-api.ts'
import { spellingsOf } from '../support/spellings.ts'

const SCHEMAS = ENDPOINTS.flatMap(({ method, path, query, body }) =>
  [query, body].flatMap((schema) =>
    Object.keys(schema?.shape ?? {}).map((name) => ({ method, path, name, schema })),
  ),
)

it.each(SCHEMAS)('$method $path refuses other spellings of $name', ({ name, schema }) => {
  const known = Object.keys(schema?.shape ?? {})
  for (const spelling of spellingsOf(name).filter((one) => !known.includes(one))) {
    const { errors } = refusalOf(() => parse(schema as z.ZodType, { [spelling]: 'x' }))
    const detail = `is not known; send ${name}`
    expect(errors.filter((error) => error.detail === detail)).toHaveLength(1)
  }
})

describe('API over HTTP', async () => {
  const api = await startAdminApi()

  it.each([
    ['/clients', 'Workspace_Id', 'workspace_id'],
    ['/clients', 'workspace_id[]', 'workspace_id'],
    ['/clients', 'plugin', 'plugin_id'],
    ['/clients', 'names', 'name'],
    ['/audit', 'Actor', 'actor'],
    ['/resources', 'types', 'type'],
  ])('lists nothing for a misspelled filter: GET %s?%s, send %s', async (path, name, meant) => {
    const query = new URLSearchParams([[name, 'acme']]).toString()
    const answer = await api.call(api.callers.unbound, 'GET', `${path}?${query}`)
    expectProblem(answer, 422, 'invalid_value')
    expect(answer.body['detail']).toBe(`${name}: is not known; send ${meant}`)
    expect(answer.text).not.toContain('items')
  })

  const QUERIES = ENDPOINTS.filter(({ method }) => method === 'get').map(({ path }) => path)
  it.each(QUERIES)('lists nothing for an unknown filter: GET %s', async (path) => {
    const address = path.replaceAll(/{\w+}/g, 'x')
    for (const name of ['Limit', 'limit[]', 'limit:5', 'clientid', 'client-id', 'Cursor', 'page']) {
      const query = new URLSearchParams([[name, '5']]).toString()
      const answer = await api.call(api.callers.unbound, 'GET', `${address}?${query}`)
      expectProblem(answer, 422, 'invalid_value')
      expect(badFields(answer)).toContain(name)
    }
  })

  it.each([
    ['POST', '/clients', { name: 'a', grants: [{ audience: 'docs', Permissions: ['read'] }] }],
    [
      'POST',
      '/clients',
      { name: 'a', grants: [{ audience: 'docs', permissions: [], scope: 'x' }] },
    ],
    ['POST', '/audiences', { id: 'a', permissions: [{ name: 'x', Implies: [] }] }],
    ['POST', '/audiences', { id: 'a', permissions: [{ name: 'x', implies: [], deny: true }] }],
    ['POST', '/enrollments', { grants: [{ audience: 'docs', permissions: ['read'], Parts: [] }] }],
    ['POST', '/enrollments', { Scope: 'read' }],
    ['POST', '/revocations', { token: 'x', Jti: 'y' }],
    ['POST', '/keys/rotate', { Algorithm: 'RS256' }],
    ['POST', '/clients/x/revoke-tokens', { plugin: 'x' }],
  ])('refuses an unknown member at any depth: %s %s %j', async (method, path, body) => {
    const answer = await api.call(api.callers.unbound, method, path, body)
    expectProblem(answer, 422, 'invalid_value')
    expect(answer.text).toMatch(/is not known; send|is not a known member/)
  })

  it.each([
    ['Parts', 'parts'],
    ['parts:0', 'parts'],
    ['actions:', 'actions'],
    ['part_list', 'parts'],
    ['part', 'parts'],
    ['action', 'actions'],
    ['parts.0', 'parts'],
    ['TYPE', 'type'],
  ])('refuses the member %s of an authorization detail and names %s', async (member, meant) => {
    const entry = { type: 'playlist', identifier: '*', actions: [], parts: '*', [member]: ['x'] }
    const body = { name: 'a', authorization_details: [entry] }
    const answer = await api.call(api.callers.unbound, 'POST', '/clients', body)
    expectProblem(answer, 422, 'invalid_value')
    expect(badFields(answer)).toEqual([`authorization_details.0.${member}`])
    expect(answer.body['detail']).toContain(`must be written ${meant}`)
  })

  const COMMON = ['locations', 'actions', 'datatypes', 'identifier', 'privileges']
  const ENTRIES = [
    { type: 'playlist', identifier: '*', actions: [], parts: '*' },
    { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' },
  ]
  const misspelled = COMMON.flatMap((meant) =>
    [meant.toUpperCase(), meant.replace(/s$/, ''), `${meant}s`, `${meant}_`, `x.${meant}`]
      .filter((member) => member !== meant)
      .flatMap((member) => ENTRIES.map((entry) => [entry.type, member, meant, entry] as const)),
  )
  it.each(misspelled)(
    'refuses a misspelled common member in an entry of %s: %s',
    (_, member, meant, entry) => {
      const { error } = grantedDetails.safeParse([{ ...entry, [member]: ['x'] }])
      expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
        [`0.${member}`, `must be written ${meant}`],
      ])
    },
  )

  it.each(COMMON)('accepts the common member %s', (member) => {
    for (const entry of ENTRIES) {
      expect(grantedDetails.safeParse([{ ...entry, [member]: ['x'] }]).success).toBe(
        member !== 'identifier',
      )
    }
  })

  it('repeats no secret that is the name of a member', async () => {
    const { secret } = api.callers.bound.client
    const answer = await api.call(api.callers.unbound, 'POST', '/clients', { [secret]: 1 })
    expectProblem(answer, 422, 'invalid_value')
    expect(answer.text).not.toContain(secret.slice(4, 20))
  })
})
