// Two workspaces with resources that authorization details name, and an administrator of each workspace.
import { expect } from 'vitest'
import type { AuthorizationDetail, DetailValue } from '../../src/store/store.ts'
import type { ClientCredentials } from './records.ts'
import { startServer } from './server.ts'

export const BASE = '/admin/v1'
const BOTH = ['admin:read', 'admin:write']

export type Detail = Record<string, DetailValue> & { type: string }
export type Answer = { status: number; headers: Headers; body: Record<string, unknown> }
export type Administration = Awaited<ReturnType<typeof startAdministration>>

export const playlist = (
  identifier: string,
  members: Record<string, DetailValue> = {},
): Detail => ({
  type: 'playlist',
  identifier,
  actions: ['play', 'skip'],
  parts: ['a', 'b'],
  ...members,
})
export const ANY: Detail = playlist('*', { actions: '*', parts: '*' })
export const RUN: Detail = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p1',
  locations: ['/v1/issues', '/v1/users'],
  actions: '*',
}

/** Details of the administrator of `acme`: one playlist with a limit, and the runs of one project. */
export const HELD = [playlist('evening', { volume: 5 }), RUN]

const start = async () => {
  const server = await startServer()
  await server.audience('docs', ['read'])
  const resources = [
    ['acme', 'playlist', 'evening', ['a', 'b']],
    ['acme', 'playlist', 'morning', ['c']],
    ['globex', 'playlist', 'night', ['a', 'b']],
    ['globex', 'room', 'hall', ['a']],
  ] as const
  for (const id of ['acme', 'globex']) await server.workspace(id)
  for (const [workspaceId, type, id, parts] of resources) {
    await server.store.createResource(
      { type, id, workspaceId, parts: [...parts] },
      server.seconds(),
    )
  }
  return server
}

export const startAdministration = async () => {
  const server = await start()
  const administrator = (workspaceId: string | null, details: readonly Detail[] = []) =>
    server.client({
      workspaceId,
      details: details as AuthorizationDetail[],
      grants: { latchkey: BOTH, docs: ['read'] },
    })
  const unbound = await administrator(null)

  /** Sends text unchanged and any other body as JSON. */
  const call = async (
    by: ClientCredentials,
    address: string,
    body?: unknown,
    ifMatch?: string | null,
    scope = BOTH.join(' '),
  ): Promise<Answer> => {
    const [method = '', path = ''] = address.split(' ')
    const token = await server.issue(by, { audience: 'latchkey', scope })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await server.request(BASE + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(text !== undefined && { 'Content-Type': 'application/json' }),
        ...(typeof ifMatch === 'string' && { 'If-Match': ifMatch }),
      },
      ...(text !== undefined && { body: text }),
    })
    const answer = (await response.json()) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body: answer }
  }

  /** Changes a resource with its current etag. */
  const change = async (
    by: ClientCredentials,
    address: string,
    body?: unknown,
  ): Promise<Answer> => {
    const [method = '', path = ''] = address.split(' ')
    if (method === 'POST') return await call(by, address, body)
    const read = await call(unbound, `GET ${path}`)
    return await call(by, address, body, read.headers.get('etag') ?? '"gone"')
  }

  /** Records that a request could change. */
  const state = async () => {
    const { store } = server
    return {
      clients: await store.listClients(),
      resources: await store.listResources(),
      revocations: await store.listRevocations(),
      plugins: await store.listPlugins(),
    }
  }

  return {
    server,
    administrator,
    unbound,
    acme: await administrator('acme', HELD),
    globex: await administrator('globex', [ANY]),
    call,
    change,
    /** Checks that a request changes nothing except the audit. @returns its answer */
    async unchangedBy(request: () => Promise<Answer>): Promise<Answer> {
      const before = await state()
      const answer = await request()
      expect(await state(), JSON.stringify(answer.body)).toEqual(before)
      return answer
    },
    /** Makes a client that is granted these details. */
    client: (details: readonly Detail[], workspaceId = 'acme') =>
      server.client({
        workspaceId,
        details: details as AuthorizationDetail[],
        grants: { docs: ['read'] },
      }),
    /** Issues a token with the requested details. */
    issue: (client: ClientCredentials, asked: Record<string, unknown>[]) =>
      server.issue(client, { authorization_details: JSON.stringify(asked) }),
    isActive: async (client: ClientCredentials, token: string): Promise<unknown> =>
      (await server.introspect(client, token))['active'],
  }
}

/** Every request that grants details to a client of `acme`. POST grants them to a new client. */
export const waysToGive = (
  { call, change }: Pick<Administration, 'call' | 'change'>,
  id: string,
) => {
  type Way = (details: unknown, by: ClientCredentials) => Promise<Answer>
  const given = (details: unknown) => ({ authorization_details: details })
  return {
    PUT: (details, by) => change(by, `PUT /clients/${id}/authorization-details`, given(details)),
    PATCH: (details, by) => change(by, `PATCH /clients/${id}`, { name: 'New', ...given(details) }),
    POST: (details, by) =>
      call(by, 'POST /clients', { name: 'new', workspace_id: 'acme', ...given(details) }),
  } satisfies Record<string, Way>
}

export const METHODS = ['PUT', 'PATCH', 'POST'] as const

/** Status, code and named fields of a refusal. */
export const problem = ({ status, body }: Answer) => ({
  status,
  code: body['code'],
  fields: ((body['errors'] ?? []) as { field: string }[]).map(({ field }) => field),
})

/** All that a client sees of an answer, without the requested text and values that differ for every request. */
export const seen = ({ status, headers, body }: Answer, asked: string) => ({
  status,
  headers: [...headers].filter(([name]) => name !== 'x-request-id'),
  body: JSON.stringify({ ...body, request_id: '' }).replaceAll(asked, 'ASKED'),
})
