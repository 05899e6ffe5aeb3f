// If-Match (RFC 9110 §13.1.1): whoever changes or removes something says what they have read.
import { describe, expect, it } from 'vitest'
import { expectProblem, startAdminApi } from '../support/admin-api.ts'
import { goodRequest, makeThings } from '../support/admin-requests.ts'

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers

/** By what is there; `*` is whatever there is. */
const TAKEN: readonly [name: string, header: (etag: string) => string][] = [
  ['the etag', (etag) => etag],
  ['the etag among others', (etag) => `"a", W/"b" ,${etag}, "c"`],
  ['*', () => '*'],
]

const STALE: readonly [name: string, header: (etag: string) => string][] = [
  ['another etag', () => '"AAAAAAAAAAAAAAAA"'],
  ['a weak one', (etag) => `W/${etag}`],
  ['one without quotes', (etag) => etag.replaceAll('"', '')],
  ['a part of it', (etag) => `"${etag.slice(2)}`],
  ['others', () => '"a", "b"'],
  ['nothing', () => ''],
  ['an empty etag', () => '""'],
  ['* as an etag', () => '"*"'],
]

const changing = api.operations.filter(({ method }) => ['PUT', 'PATCH', 'DELETE'].includes(method))

describe.each(changing)('$method $path', ({ id, method }) => {
  /** The request, without the header, and the etag of what it is about. */
  const prepare = async () => {
    const { path, body } = goodRequest(id, await makeThings(api))
    const { 'If-Match': etag = '' } = await api.ifMatch(path)
    return { path, body, etag }
  }

  it('needs it', async () => {
    const { path, body } = await prepare()
    const before = server.dump()
    const answer = await api.call(unbound, method, path, body)
    expectProblem(answer, 428, 'precondition_required')
    expect(server.dump()).toEqual(before)
  })

  it.each(STALE)('refuses %s', async (_, header) => {
    const { path, body, etag } = await prepare()
    const before = server.dump()
    const answer = await api.call(unbound, method, path, body, { 'If-Match': header(etag) })
    expectProblem(answer, 412, 'conflict')
    expect(answer.text).toContain(
      `not in If-Match, ${JSON.stringify(header(etag)).slice(1, -1) || 'empty'}`,
    )
    expect(server.dump()).toEqual(before)
  })

  it.each(TAKEN)('takes %s', async (_, header) => {
    const { path, body, etag } = await prepare()
    const answer = await api.call(unbound, method, path, body, { 'If-Match': header(etag) })
    expect(answer.status, answer.text).toBe(200)
  })

  it('is not there: 404, whatever it says', async () => {
    const { path, body, etag } = await prepare()
    const unknown = `${path.slice(0, path.lastIndexOf('/'))}/nothing`
    for (const header of ['*', etag]) {
      const answer = await api.call(unbound, method, unknown, body, { 'If-Match': header })
      expectProblem(answer, 404, 'not_found')
    }
  })
})

/** They need not say it, and are held to it where they do; keys and runs have no state to be read. */
const actions = api.operations.filter(
  ({ method, path }) =>
    method === 'POST' && /\}\/(?!secrets$)/.test(path) && !/^\/(keys|runs)/.test(path),
)

describe.each(actions)('$method $path', ({ id, method }) => {
  it('is held to what it says', async () => {
    await server.setWorkspaceStatus('acme', 'active')
    const { path, body } = goodRequest(id, await makeThings(api))
    const before = server.dump()
    const stale = await api.call(unbound, method, path, body, { 'If-Match': '"stale"' })
    expectProblem(stale, 412, 'conflict')
    expect(server.dump()).toEqual(before)
    const read = await api.ifMatch(path.slice(0, path.lastIndexOf('/')))
    const done = await api.call(unbound, method, path, body, read)
    expect(done.status, done.text).toBe(200)
  })
})
