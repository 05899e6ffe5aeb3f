// A taken id: the refusal names the row that has it, or had it before it was deleted.
import { beforeAll, expect, it } from 'vitest'
import { type AdminApi, type Caller, expectProblem, startAdminApi } from '../support/admin-api.ts'

let api: AdminApi
beforeAll(async () => {
  api = await startAdminApi()
  await api.server.plugin('chat', { name: 'Chat sync' })
  await api.server.plugin('gone', { name: 'Old sync' })
  await api.server.resource('room', 'hall', 'acme', [])
  await api.server.resource('room', 'cellar', 'acme', [])
  for (const path of ['/plugins/gone', '/resources/room/cellar']) {
    expect((await api.change(api.callers.unbound, 'DELETE', path)).status).toBe(200)
  }
})

type Case = [path: string, body: Record<string, unknown>, detail: string, existing: object]
const CASES: Case[] = [
  [
    '/workspaces',
    { id: 'acme', name: 'Another' },
    'the id acme is taken by a workspace',
    { noun: 'workspace', id: 'acme', name: 'acme', deleted: false },
  ],
  [
    '/audiences',
    { id: 'docs' },
    'the id docs is taken by an audience',
    { noun: 'audience', id: 'docs', deleted: false },
  ],
  [
    '/plugins',
    { id: 'chat' },
    'the id chat is taken by a plugin named Chat sync',
    { noun: 'plugin', id: 'chat', name: 'Chat sync', deleted: false },
  ],
  [
    '/plugins',
    { id: 'gone' },
    'the id gone was that of a deleted plugin named Old sync; ids are used once, so choose another',
    { noun: 'plugin', id: 'gone', name: 'Old sync', deleted: true },
  ],
  [
    '/resources',
    { type: 'room', id: 'hall', workspace_id: 'default', parts: [] },
    'the id hall is taken by a resource of type room in the workspace acme',
    { noun: 'resource', type: 'room', id: 'hall', workspace_id: 'acme', deleted: false },
  ],
  [
    '/resources',
    { type: 'room', id: 'cellar', workspace_id: 'acme', parts: [] },
    'the id cellar was that of a deleted resource of type room in the workspace acme; ids are used once, so choose another',
    { noun: 'resource', type: 'room', id: 'cellar', workspace_id: 'acme', deleted: true },
  ],
]

const refused = async (caller: Caller, path: string, body: unknown) => {
  const before = api.server.state()
  const answer = await api.call(caller, 'POST', path, body)
  expectProblem(answer, 409, 'already_exists')
  expect(api.server.state()).toBe(before)
  return answer.body
}

it.each(CASES)('names the row of a taken id: %s %j', async (path, body, detail, existing) => {
  expect(await refused(api.callers.unbound, path, body)).toMatchObject({ detail, existing })
})

it('hides a secret in the name of the row from the log', async () => {
  const secret = `lks_${'x'.repeat(43)}`
  await api.server.plugin('leak', { name: secret })
  await api.call(api.callers.unbound, 'POST', '/plugins', { id: 'leak' })
  expect(JSON.stringify(api.server.lines)).not.toContain(secret)
})

it.each(['hall', 'cellar'])(
  'names no row of another workspace to a bound administrator: %s',
  async (id) => {
    await api.server.resource('room', `own-${id}`, 'globex', [])
    const body = await refused(api.callers.other, '/resources', { type: 'room', id, parts: [] })
    expect(body).toMatchObject({ detail: 'this id is taken' })
    expect(body).not.toHaveProperty('existing')
    expect(JSON.stringify(body)).not.toContain('acme')
  },
)

it('a deleted row is named as deleted to an administrator that may see it', async () => {
  const { bound, unbound } = api.callers
  const mine = await api.server.client({ workspaceId: 'acme' })
  const other = await api.server.client({ workspaceId: 'globex' })
  for (const { id } of [mine, other]) {
    expect((await api.change(unbound, 'DELETE', `/clients/${id}`)).status).toBe(200)
  }
  const detail = async (caller: Caller, path: string) => {
    const answer = await api.call(caller, 'GET', path)
    expectProblem(answer, 404, 'not_found')
    return answer.body['detail']
  }
  expect(await detail(unbound, '/plugins/gone')).toBe('the plugin gone has been deleted')
  expect(await detail(unbound, '/plugins/none')).toBe('there is no plugin none')
  const cellar = '/resources/room/cellar'
  expect(await detail(unbound, cellar)).toBe('the resource cellar has been deleted')
  expect(await detail(bound, cellar)).toBe('the resource cellar has been deleted')
  const deleted = (id: string) => `the client ${id} has been deleted`
  expect(await detail(unbound, `/clients/${other.id}`)).toBe(deleted(other.id))
  expect(await detail(bound, `/clients/${mine.id}`)).toBe(deleted(mine.id))
  expect(await detail(bound, `/clients/${other.id}`)).toBe(`there is no client ${other.id}`)
  expect(await detail(bound, '/plugins/gone')).toBe('there is no plugin gone')
})
