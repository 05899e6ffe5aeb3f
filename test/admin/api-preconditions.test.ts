// If-Match (RFC 9110 §13.1.1): a change or removal names the etag that the administrator read.
import { describe, expect, it } from 'vitest'
import { expectProblem, startAdminApi } from '../support/admin-api.ts'
import { goodRequest, makeThings } from '../support/admin-requests.ts'

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers

/** Accepted values; `*` matches any etag. */
const TAKEN: readonly [name: string, header: (etag: string) => string][] = [
  ['the etag', (etag) => etag],
  ['the etag among others', (etag) => `"a", W/"b" ,${etag}, "c"`],
  ['*', () => '*'],
]

const STALE: readonly [name: string, header: (etag: string) => string][] = [
  ['another etag', () => '"AAAAAAAAAAAAAAAA"'],
  ['a weak etag', (etag) => `W/${etag}`],
  ['the etag without quotes', (etag) => etag.replaceAll('"', '')],
  ['a part of the etag', (etag) => `"${etag.slice(2)}`],
  ['other etags', () => '"a", "b"'],
  ['an empty value', () => ''],
  ['an empty etag', () => '""'],
  ['* as an etag', () => '"*"'],
]

const changing = api.operations.filter(({ method }) => ['PUT', 'PATCH', 'DELETE'].includes(method))

describe.each(changing)('$method $path', ({ id, method }) => {
  /** Returns the request without the header, and the etag of its record. */
  const prepare = async () => {
    const { path, body } = goodRequest(id, await makeThings(api))
    const { 'If-Match': etag = '' } = await api.ifMatch(path)
    return { path, body, etag }
  }

  it('is refused with precondition_required without If-Match', async () => {
    const { path, body } = await prepare()
    const before = server.state()
    const answer = await api.call(unbound, method, path, body)
    expectProblem(answer, 428, 'precondition_required')
    expect(server.state()).toBe(before)
  })

  it.each(STALE)('is refused with conflict for %s', async (_, header) => {
    const { path, body, etag } = await prepare()
    const before = server.state()
    const answer = await api.call(unbound, method, path, body, { 'If-Match': header(etag) })
    expectProblem(answer, 412, 'conflict')
    expect(answer.text).toContain(
      `not in If-Match, ${JSON.stringify(header(etag)).slice(1, -1) || 'empty'}`,
    )
    expect(server.state()).toBe(before)
  })

  it.each(TAKEN)('accepts %s', async (_, header) => {
    const { path, body, etag } = await prepare()
    const answer = await api.call(unbound, method, path, body, { 'If-Match': header(etag) })
    expect(answer.status, answer.text).toBe(200)
  })

  it('answers 404 for a missing record with any If-Match', async () => {
    const { path, body, etag } = await prepare()
    const unknown = `${path.slice(0, path.lastIndexOf('/'))}/nothing`
    for (const header of ['*', etag]) {
      const answer = await api.call(unbound, method, unknown, body, { 'If-Match': header })
      expectProblem(answer, 404, 'not_found')
    }
  })
})

/** Actions need no If-Match, and respect one that is sent. Keys and runs have no etag. */
const actions = api.operations.filter(
  ({ method, path }) =>
    method === 'POST' && /\}\/(?!secrets$)/.test(path) && !/^\/(keys|runs)/.test(path),
)

describe.each(actions)('$method $path', ({ id, method }) => {
  it('is refused with conflict for a stale If-Match', async () => {
    await server.setWorkspaceStatus('acme', 'active')
    const { path, body } = goodRequest(id, await makeThings(api))
    const before = server.state()
    const stale = await api.call(unbound, method, path, body, { 'If-Match': '"stale"' })
    expectProblem(stale, 412, 'conflict')
    expect(server.state()).toBe(before)
    const read = await api.ifMatch(path.slice(0, path.lastIndexOf('/')))
    const done = await api.call(unbound, method, path, body, read)
    expect(done.status, done.text).toBe(200)
  })
})
