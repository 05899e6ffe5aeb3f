// Privilege escalation: no administrator gets or gives more than its own client has, by any route.
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  type Caller,
  BOTH,
  badFields,
  comparable,
  expectProblem,
  startAdminApi,
} from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api

const WRITE = { latchkey: ['admin:write'] }
const [weak, strong, named, introspecting, reader, peer, unboundPeer, foreign] = await Promise.all([
  server.client({ workspaceId: 'acme', grants: { docs: ['read'] }, plugins: ['p-acme'] }),
  server.client({ workspaceId: 'acme', grants: { docs: ['purge'], other: ['use'] } }),
  server.client({ workspaceId: 'acme', plugins: ['p-nobody'] }),
  server.client({ workspaceId: 'acme', introspects: ['docs'] }),
  server.client({ workspaceId: 'acme', grants: { latchkey: ['admin:read'] } }),
  server.client({ workspaceId: 'acme', grants: { latchkey: BOTH } }),
  server.client({ workspaceId: null, grants: { latchkey: BOTH } }),
  server.client({ workspaceId: 'globex', grants: { other: ['use'] } }),
])
/** Disabled clients, each with more than the administrator that enables them. */
const disabled = await Promise.all([
  server.client({ workspaceId: 'acme', grants: { docs: ['purge'] } }),
  server.client({ workspaceId: 'acme', plugins: ['p-nobody'] }),
  server.client({ workspaceId: 'acme', introspects: ['docs'] }),
  server.client({ workspaceId: 'acme', grants: { latchkey: BOTH } }),
  server.client({ workspaceId: null, grants: { latchkey: BOTH } }),
])
for (const { id } of disabled) await server.setStatus(id, 'disabled')

const { unbound, bound, boundWriteOnly, writeOnly } = callers
const grants = (given: Record<string, string[]>) => ({
  grants: Object.entries(given).map(([audience, permissions]) => ({ audience, permissions })),
})
const create = (body: object) => ['POST', '/clients', { name: 'x', ...body }] as const
const patch = ({ id }: { id: string }, body: object) => ['PATCH', `/clients/${id}`, body] as const
const post = (path: string, body?: object) => ['POST', path, body] as const
const secret = ({ id }: { id: string }) => post(`/clients/${id}/secrets`)
const enable = (i: number) => post(`/clients/${disabled[i]?.id}/enable`)

type Request = readonly [method: string, path: string, body?: object | undefined]
type Attempt = readonly [name: string, caller: Caller, request: Request]

const send = (caller: Caller, [method, path, body]: Request): Promise<Answer> =>
  api.call(caller, method, path, body, { 'If-Match': '*' })

const own = bound.client
/** Grants of the bound administrator's own client. */
const OWN = { latchkey: BOTH, docs: ['write'] }

const EXCEEDS: readonly Attempt[] = [
  ['a permission that none of its own implies', bound, create(grants({ docs: ['purge'] }))],
  [
    'a permission that it lacks beside one that it holds',
    bound,
    create(grants({ docs: ['read', 'purge'] })),
  ],
  [
    'a permission that it lacks, to another client',
    bound,
    patch(weak, grants({ docs: ['read', 'purge'] })),
  ],
  [
    'a permission that it lacks, to itself',
    bound,
    patch(own, grants({ ...OWN, docs: ['write', 'purge'] })),
  ],
  ['a permission that the audience lacks', bound, create(grants({ docs: ['nothing'] }))],
  ['an audience that it lacks', bound, create(grants({ other: ['use'] }))],
  ['an audience that it lacks, to another client', bound, patch(weak, grants({ other: ['use'] }))],
  ['an audience that it lacks, to itself', bound, patch(own, grants({ ...OWN, other: ['use'] }))],
  ['an audience that does not exist', bound, create(grants({ nothing: ['use'] }))],
  ['the right to introspect', bound, create({ introspects: ['docs'] })],
  ['the right to introspect, to another client', bound, patch(weak, { introspects: ['docs'] })],
  ['the right to introspect, to itself', bound, patch(own, { introspects: ['latchkey'] })],
  [
    'the right to introspect at an audience that does not exist',
    bound,
    create({ introspects: ['nothing'] }),
  ],
  ['a plugin that it lacks', bound, create({ plugins: ['p-nobody'] })],
  [
    'a plugin that it lacks, to another client',
    bound,
    patch(weak, { plugins: ['p-acme', 'p-nobody'] }),
  ],
  ['a plugin that it lacks, to itself', bound, patch(own, { plugins: ['p-acme', 'p-globex'] })],
  ['a plugin that does not exist', bound, create({ plugins: ['p-none'] })],
  ['a plugin to be created', bound, create({ plugins: ['p-none'], create_plugins: true })],
  [
    'a plugin to be created that exists',
    bound,
    create({ plugins: ['p-nobody'], create_plugins: true }),
  ],
  [
    'more to a client that has more',
    bound,
    patch(
      strong,
      grants({
        docs: ['purge', 'read', 'write'],
        other: ['use'],
        latchkey: ['admin:read'],
        nothing: ['x'],
      }),
    ),
  ],
  ['a secret of a stronger client', bound, secret(strong)],
  ['a secret of a client with another plugin', bound, secret(named)],
  ['a secret of a client that introspects', bound, secret(introspecting)],
  ['a secret of an administrator, without admin:read', boundWriteOnly, secret(peer)],
  ['a secret of an administrator who only reads', boundWriteOnly, secret(reader)],
  ['a secret of its own client, without admin:read', boundWriteOnly, secret(own)],
  ['a secret of an unbound administrator, without admin:read', writeOnly, secret(unboundPeer)],
  ['a secret of its own unbound client, without admin:read', writeOnly, secret(unbound.client)],
  ['enabling a stronger client', bound, enable(0)],
  ['enabling a client with another plugin', bound, enable(1)],
  ['enabling a client that introspects', bound, enable(2)],
  ['enabling an administrator, without admin:read', boundWriteOnly, enable(3)],
  ['enabling an unbound administrator, without admin:read', writeOnly, enable(4)],
  ['admin:read, which it lacks', boundWriteOnly, create(grants({ latchkey: ['admin:read'] }))],
  [
    'admin:read, which it lacks, to another client',
    boundWriteOnly,
    patch(weak, grants({ latchkey: ['admin:read'] })),
  ],
  [
    'admin:read, which it lacks, to an unbound client',
    writeOnly,
    create({ ...grants({ latchkey: BOTH }), workspace_id: null }),
  ],
  [
    'admin:read, which it lacks, to another client, as unbound administrator',
    writeOnly,
    patch(weak, grants({ latchkey: ['admin:read'] })),
  ],
  ['an unknown permission of administration', unbound, create(grants({ latchkey: ['admin:all'] }))],
]

const OTHERS: readonly [...Attempt, status: number, code: string][] = [
  [
    'a client in another workspace',
    bound,
    create({ workspace_id: 'globex' }),
    422,
    'unknown_reference',
  ],
  [
    'a client in a workspace that does not exist',
    bound,
    create({ workspace_id: 'none' }),
    422,
    'unknown_reference',
  ],
  [
    'a client outside every workspace',
    bound,
    create({ workspace_id: null, ...grants(WRITE) }),
    403,
    'unbound_required',
  ],
  [
    'another workspace for a client',
    bound,
    patch(weak, { workspace_id: 'globex' }),
    422,
    'invalid_value',
  ],
  [
    'no workspace for its own client',
    bound,
    patch(own, { workspace_id: null }),
    422,
    'invalid_value',
  ],
  [
    'no workspace for a client, as unbound administrator',
    unbound,
    patch(weak, { workspace_id: null }),
    422,
    'invalid_value',
  ],
  ['another status', bound, patch(weak, { status: 'active' }), 422, 'invalid_value'],
  ['the secret of a foreign client', bound, secret(foreign), 404, 'not_found'],
  ['the secret of an unbound administrator', bound, secret(unbound.client), 404, 'not_found'],
  [
    'implications between permissions of administration',
    unbound,
    [
      'PATCH',
      '/audiences/latchkey',
      {
        permissions: [
          { name: 'admin:read', implies: [] },
          { name: 'admin:write', implies: ['admin:read'] },
        ],
      },
    ],
    422,
    'invalid_value',
  ],
  [
    'further permissions of administration',
    writeOnly,
    [
      'PATCH',
      '/audiences/latchkey',
      { permissions: [...BOTH, 'admin:all'].map((name) => ({ name, implies: [] })) },
    ],
    422,
    'invalid_value',
  ],
  [
    'the audience of administration again',
    unbound,
    post('/audiences', { id: 'latchkey' }),
    409,
    'already_exists',
  ],
  [
    'an implication of an audience',
    bound,
    ['PATCH', '/audiences/docs', { permissions: [] }],
    403,
    'unbound_required',
  ],
  [
    'trust for its plugin',
    bound,
    ['PATCH', '/plugins/p-acme', { trust: 'bundled' }],
    403,
    'unbound_required',
  ],
  ['resuming its own workspace', bound, post('/workspaces/acme/resume'), 403, 'unbound_required'],
]

const attempt = async (caller: Caller, request: Request, status: number, code: string) => {
  server.events.length = 0
  const answer = await api.unchangedBy(() => send(caller, request))
  expectProblem(answer, status, code)
  expect(server.events).toMatchObject([
    { actor: `client:${caller.client.id}`, outcome: 'refused', reason: code },
  ])
  return answer
}

describe('administrator', () => {
  it.each(EXCEEDS)('is refused beyond its own grants: %s', async (_, caller, request) => {
    const answer = await attempt(caller, request, 403, 'exceeds_own_grant')
    expect(badFields(answer)).toHaveLength(1)
  })

  it.each(OTHERS)('is refused: %s', async (_, caller, request, status, code) => {
    await attempt(caller, request, status, code)
  })

  it('cannot tell a record that it may not give from a missing one', async () => {
    const pairs: [object, object][] = [
      [{ plugins: ['p-nobody'] }, { plugins: ['p-none'] }],
      [grants({ other: ['use'] }), grants({ none: ['use'] })],
      [grants({ docs: ['purge'] }), grants({ docs: ['none'] })],
      [{ introspects: ['other'] }, { introspects: ['none'] }],
      [{ workspace_id: 'globex' }, { workspace_id: 'nowhere' }],
    ]
    for (const [there, nowhere] of pairs) {
      const texts = [there, nowhere].map(async (body) => {
        const answer = await send(bound, create(body))
        return [answer.status, comparable(answer, /globex|nowhere/g)]
      })
      const [one, other] = await Promise.all(texts)
      expect(one).toEqual(other)
    }
  })
})

describe('administrator with a permission', () => {
  const fresh = () =>
    server.client({ workspaceId: 'acme', grants: { docs: ['purge'], other: ['use'] } })
  const allowed: [name: string, request: (client: { id: string }) => Request][] = [
    ['a permission that one of its own implies', () => create(grants({ docs: ['read'] }))],
    ['its own permissions and its plugin', () => create({ ...grants(OWN), plugins: ['p-acme'] })],
    ['its own workspace', () => create({ workspace_id: 'acme' })],
    ['a name for a stronger client', (client) => patch(client, { name: 'new' })],
    [
      'to a stronger client the grants that the client has',
      (client) => patch(client, grants({ docs: ['purge'], other: ['use'] })),
    ],
    [
      'to a stronger client a permission of its own',
      (client) => patch(client, grants({ docs: ['purge', 'read'], other: ['use'] })),
    ],
    ['fewer grants to a stronger client', (client) => patch(client, grants({ other: ['use'] }))],
    ['the deletion of a stronger client', ({ id }) => ['DELETE', `/clients/${id}`]],
  ]
  it.each(allowed)('may give %s', async (_, request) => {
    const answer = await send(bound, request(await fresh()))
    expect(answer.status, answer.text).toBeLessThan(300)
    if (answer.status === 201) expect(answer.body['workspace_id']).toBe('acme')
  })

  it('may not give back a permission that it removed', async () => {
    const client = await fresh()
    expect((await send(bound, patch(client, grants({ other: ['use'] })))).status).toBe(200)
    await attempt(
      bound,
      patch(client, grants({ docs: ['purge'], other: ['use'] })),
      403,
      'exceeds_own_grant',
    )
  })
})
