// Addresses and queries of the API: unknown addresses, refused parameters, and ids that need
// encoding.
import { describe, expect, it } from 'vitest'
import { badFields, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { goodRequest, makeThings } from '../support/admin-requests.ts'

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers

describe('query parameter', () => {
  const lists = api.operations.filter(({ id }) => id.endsWith('List'))
  it.each(lists)('is refused at $path when it is wrong', async ({ id }) => {
    const { path } = goodRequest(id, await makeThings(api))
    for (const [query, field] of [
      ['nothing=1', 'nothing'],
      ['Limit=1', 'Limit'],
      ['__proto__=1', '__proto__'],
      ['limit=1&limit=1', 'limit'],
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=', 'limit'],
      ['limit=x', 'limit'],
      ['limit=1.5', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=0x10', 'limit'],
      ['limit=1e2', 'limit'],
      ['limit=+5', 'limit'],
      ['cursor=', 'cursor'],
      [`cursor=${'A'.repeat(513)}`, 'cursor'],
    ] as const) {
      const sent = `${path}${path.includes('?') ? '&' : '?'}${query}`
      const answer = await api.call(unbound, 'GET', sent)
      expectProblem(answer, 422, 'invalid_value')
      expect(badFields(answer), query).toEqual([field])
    }
  })

  it.each(api.operations.filter(({ id }) => !id.endsWith('List')))(
    'is refused at $method $path',
    async ({ id, method }) => {
      await server.setWorkspaceStatus('acme', 'active')
      const { path, body } = goodRequest(id, await makeThings(api))
      const headers = method === 'POST' ? {} : await api.ifMatch(path)
      const answer = await api.unchangedBy(() =>
        api.call(unbound, method, `${path}${path.includes('?') ? '&' : '?'}x=1`, body, headers),
      )
      expectProblem(answer, 422, 'invalid_value')
      expect(badFields(answer)).toEqual(['x'])
    },
  )
})

describe('address', () => {
  const methods = new Map<string, string[]>()
  for (const { path, method } of api.operations) {
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(method === 'GET' ? ['GET', 'HEAD'] : [method]),
    ])
  }

  it.each([...methods])('%s answers %j, and 405 to other methods', async (path, allowed) => {
    const address = path.replaceAll(/\{\w+\}/g, 'x')
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'BREW']) {
      if (allowed.includes(method)) continue
      const answer = await api.call(unbound, method, address)
      expectProblem(answer, 405, 'method_not_allowed')
      expect(answer.headers.get('allow')?.split(', ').toSorted()).toEqual(allowed.toSorted())
    }
  })

  it.each([
    '',
    '/',
    '/nothing',
    '/clients/',
    '/clients/x/nothing',
    '/clients//secrets',
    '/Clients',
    '/clients/x/secrets/y/z',
    '/keys/x/y/z',
    '//clients',
    '/clients%2Fx',
  ])('%j is answered with 404', async (path) => {
    expectProblem(await api.call(unbound, 'GET', path), 404, 'not_found')
  })

  it.each([
    'nobody',
    '..%2f',
    '%2e%2e%2fclients',
    '%00',
    'a%00b',
    '%',
    '%zz',
    '%c3%28',
    '%ff',
    '%25',
    '%2525',
    'a%0d%0ab',
    "'%20or%201=1--",
    '__proto__',
    'constructor',
    '%F0%9F%92%A9',
    '*',
    'a'.repeat(5_000),
  ])('answers 404 for the unknown id %s', async (id) => {
    for (const path of [
      `/clients/${id}`,
      `/plugins/${id}`,
      `/audiences/${id}`,
      `/workspaces/${id}`,
      `/keys/${id}`,
      `/clients/${id}/secrets`,
    ]) {
      const answer = await api.call(unbound, 'GET', path)
      expectProblem(answer, 404, 'not_found')
      expect(answer.text).not.toContain('or 1=1')
    }
  })

  it.each([
    ['audiences', 'https://api.example/v1?x=1&y=%2F'],
    ['audiences', 'https://api.example/100%25'],
    ['plugins', 'a/b:c~d.e'],
    ['plugins', 'a/../b'],
    ['workspaces', 'x/suspend'],
  ])('/%s/%s is reached with percent-encoding', async (noun, id) => {
    expect((await api.call(unbound, 'POST', `/${noun}`, { id })).status).toBe(201)
    expect(await api.read(`/${noun}/${encodeURIComponent(id)}`)).toMatchObject({ id })
  })
})
