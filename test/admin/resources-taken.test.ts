// Removal from a resource: the tokens of clients with details of it are revoked at once, and no
// detail widens.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  ANY,
  type Administration,
  type Detail,
  RUN,
  playlist,
  startAdministration,
} from '../support/details.ts'

let api: Administration
beforeAll(async () => {
  api = await startAdministration()
})

/** Number of the playlists that were created. */
let made = 0
const created = async (): Promise<{ id: string; path: string }> => {
  const id = `made-${++made}`
  const body = { type: 'playlist', id, workspace_id: 'acme', parts: ['a', 'b'] }
  expect((await api.call(api.unbound, 'POST /resources', body)).status).toBe(201)
  return { id, path: `/resources/playlist/${id}` }
}

describe('removal of', () => {
  /** Creates a playlist, a client with these details of it, and a token for each request. */
  const holding = async (detail: (id: string) => Detail, requests: Record<string, unknown>[]) => {
    const { id, path } = await created()
    const client = await api.client([detail(id), RUN])
    const tokens: string[] = []
    for (const asked of requests) {
      tokens.push(await api.issue(client, [{ type: 'playlist', ...asked }]))
    }
    const active = () => Promise.all(tokens.map((token) => api.isActive(client, token)))
    const details = async (): Promise<unknown> =>
      (await api.call(api.unbound, `GET /clients/${client.id}`)).body['authorization_details']
    return { id, path, client, active, details }
  }

  it('a part removes it from every detail and revokes their tokens', async () => {
    const { id, path, client, active, details } = await holding(playlist, [{}, { parts: ['a'] }])
    const others = await api.client([playlist(id, { parts: ['a'] })])
    const other = await api.server.issue(others)
    expect(await active()).toEqual([true, true])
    await api.change(api.unbound, `PUT ${path}`, { parts: ['a', 'c'] })
    expect(await active()).toEqual([false, false])
    expect(await details()).toEqual([playlist(id, { parts: ['a'] }), RUN])
    const renewed = await api.issue(client, [{ type: 'playlist' }])
    expect(await api.server.introspect(client, renewed)).toMatchObject({
      active: true,
      authorization_details: [playlist(id, { parts: ['a'] })],
    })
    expect(await api.isActive(others, other)).toBe(true)
  })

  it('the last part leaves an empty list, not all parts', async () => {
    const { id, path, client, active, details } = await holding(playlist, [{}])
    await api.change(api.unbound, `PUT ${path}`, { parts: [] })
    await api.change(api.unbound, `PUT ${path}`, { parts: ['a', 'b'] })
    expect(await active()).toEqual([false])
    expect(await details()).toEqual([playlist(id, { parts: [] }), RUN])
    const asked = JSON.stringify([{ type: 'playlist', parts: ['a'] }])
    const answer = await api.server.requestToken(
      { authorization_details: asked },
      { basic: client },
    )
    expect(await answer.json()).toMatchObject({ code: 'details_not_granted' })
  })

  it('a part revokes the tokens that name it when the detail has all parts', async () => {
    for (const detail of [(id: string) => playlist(id, { parts: '*' }), () => ANY]) {
      const { id, path, client, details } = await holding(detail, [])
      const named = await api.issue(client, [{ type: 'playlist', identifier: id, parts: ['b'] }])
      await api.change(api.unbound, `PUT ${path}`, { parts: ['a'] })
      expect(await api.isActive(client, named)).toBe(false)
      expect(await details()).toEqual([detail(id), RUN])
      const asked = JSON.stringify([{ type: 'playlist', identifier: id, parts: ['b'] }])
      const answer = await api.server.requestToken(
        { authorization_details: asked },
        { basic: client },
      )
      expect(await answer.json()).toMatchObject({ code: 'details_not_granted' })
    }
  })

  it('no part, but an addition, leaves tokens and details unchanged', async () => {
    const { id, path, active, details } = await holding(playlist, [{}])
    await api.change(api.unbound, `PUT ${path}`, { parts: ['c', 'b', 'a'] })
    expect(await active()).toEqual([true])
    expect(await details()).toEqual([playlist(id), RUN])
  })

  it('a resource removes every detail of it and revokes their tokens', async () => {
    const { path, client, active, details } = await holding(playlist, [{}, { parts: [] }])
    await api.change(api.unbound, `DELETE ${path}`)
    expect(await active()).toEqual([false, false])
    expect(await details()).toEqual([RUN])
    const run = { type: 'tool_run', identifier: 'run-7' }
    expect(await api.isActive(client, await api.issue(client, [run]))).toBe(true)
  })

  it('a resource revokes the tokens of a detail with any resource, and keeps the detail', async () => {
    const { id, path, client, details } = await holding(() => ANY, [])
    const elsewhere = await api.client([ANY, RUN], 'globex')
    const token = await api.issue(elsewhere, [{ type: 'tool_run', identifier: 'run-7' }])
    const named = await api.issue(client, [{ type: 'playlist', identifier: id }])
    await api.change(api.unbound, `DELETE ${path}`)
    expect(await api.isActive(client, named)).toBe(false)
    expect(await details()).toEqual([ANY, RUN])
    const asked = { authorization_details: JSON.stringify([{ type: 'playlist', identifier: id }]) }
    const again = await api.server.requestToken(asked, { basic: client })
    expect(await again.json()).toMatchObject({ code: 'details_not_granted' })
    expect(await api.isActive(elsewhere, token)).toBe(true)
  })
})
