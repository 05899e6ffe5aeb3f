// The server of the examples in the reference: it has the records that the examples name, under their ids.
import { BASE } from '../../src/admin/api/table.ts'
import { newClientSecret } from '../../src/secret.ts'
import type { AuthorizationDetail } from '../../src/store/store.ts'
import type { ClientCredentials } from './records.ts'
import { type TestServer, startServer } from './server.ts'

export const CLIENT_ID = 'lkc_N4vDqbT0yXbqkYyWw2mJ5g'
const SECRET_ID = 'secret_Jc8rW1uPz6oKfXq3TnLd0A'
const ENROLLMENT_ID = 'enrollment_H2sVx7BnQ4kTyLp9Wm0ReA'
const CREATED = '2026-03-01T09:00:00Z'
const GRANTS = [{ audience: 'calendar', permissions: ['events:read'] }]
const DETAILS: AuthorizationDetail[] = [
  { type: 'playlist', identifier: 'evening', actions: ['play'], parts: ['lobby'] },
]
const RUNS: AuthorizationDetail = {
  type: 'tool_run',
  identifier: '*',
  project_id: '*',
  locations: '*',
  actions: '*',
}

export type World = {
  server: TestServer
  client: ClientCredentials
  /** Token of the client, for the examples that name one. */
  token: () => Promise<string>
  /** Sends the request of an administrator. */
  call: (method: string, path: string, body?: unknown) => Promise<Response>
  administrator: ClientCredentials
}

export type Case = {
  /** Records that exist before the request. */
  has: readonly Step[]
  before?: (world: World) => Promise<unknown>
  /** Time of the request. */
  at?: string
}

export const now = ({ server }: World): number => server.seconds()

/** Makes a record of the examples. */
const STEPS = {
  workspace: async ({ server, ...world }) => {
    const workspace = { id: 'acme', name: 'Acme', ref: 'reference-of-acme' }
    await server.store.createWorkspace(workspace, now({ server, ...world }))
  },
  audience: ({ server }) =>
    server.audience('calendar', ['events:read', 'events:write>events:read'], {
      requiresPlugin: true,
      tokenTtl: 900,
    }),
  plugin: ({ server }) =>
    server.plugin('slack-sync', { name: 'Slack sync', capabilities: ['connector:slack'] }),
  resource: ({ server }) => server.resource('playlist', 'evening', 'acme', ['lobby', 'bar']),
  client: async (world) => {
    const { text, row } = newClientSecret(world.server.deps.random)
    world.client.secret = text
    await world.server.store.createClient(
      {
        id: CLIENT_ID,
        name: 'Nightly export',
        workspaceId: 'acme',
        tokenTtl: 900,
        quotaPerMinute: 600,
        plugins: ['slack-sync'],
        createPlugins: false,
        grants: GRANTS,
        introspects: ['calendar'],
        details: DETAILS,
        secret: { ...row, id: SECRET_ID },
      },
      now(world),
    )
  },
  enrollment: async (world) => {
    const enrollment = {
      id: ENROLLMENT_ID,
      name: 'Nightly export',
      hash: 'hash',
      workspaceId: 'acme',
      plugins: ['slack-sync'],
      grants: GRANTS,
      details: DETAILS,
      unusedAfter: null,
      expiresAt: now(world) + 900,
      createdBy: world.administrator.id,
      createdByGeneration: 1,
    }
    await world.server.store.createEnrollment(enrollment, now(world))
  },
} satisfies Record<string, (world: World) => Promise<void>>
type Step = keyof typeof STEPS

/** Issues three tokens of the run in the example. */
export const issueForRun = async (world: World) => {
  const { store } = world.server
  const client = await store.findClient(CLIENT_ID)
  if (client === null) throw new Error('the client does not exist')
  await store.updateClient(client, { details: [RUNS] }, now(world))
  for (let i = 0; i < 3; i++) {
    await world.server.issue(world.client, {
      audience: 'calendar',
      plugin_id: 'slack-sync',
      authorization_details: JSON.stringify([{ type: 'tool_run', identifier: 'run-2026-03-02' }]),
    })
  }
}

/** Sends a request that must succeed. */
export const done = (path: string) => async (world: World) => {
  const { status } = await world.call('POST', path)
  if (status !== 200) throw new Error(`${path} answers ${status}`)
}

/** Starts the server at the time of the examples' `created_at`. */
export const startWorld = async (has: Case['has']): Promise<World> => {
  const server = await startServer()
  server.advance(Date.parse(CREATED) / 1000 - server.seconds())
  server.sql(`update signing_keys set created_at = ${server.seconds()}`)
  server.sql(`update signing_keys set activated_at = created_at where state = 'active'`)
  const grants = { latchkey: ['admin:read', 'admin:write'] }
  const administrator = await server.client({ workspaceId: null, grants })
  const client = { id: CLIENT_ID, secret: '' }
  const world: World = {
    server,
    administrator,
    client,
    token: () => server.issue(client, { audience: 'calendar', plugin_id: 'slack-sync' }),
    call: async (method, path, body) => {
      const token = await server.issue(administrator, { audience: 'latchkey' })
      const text = body === undefined ? undefined : JSON.stringify(body)
      return await server.request(BASE + path, {
        method,
        ...(text !== undefined && { body: text }),
        headers: {
          Authorization: `Bearer ${token}`,
          'If-Match': '*',
          ...(text !== undefined && {
            'Content-Type': 'application/json',
            'Content-Length': String(Buffer.byteLength(text)),
          }),
        },
      })
    },
  }
  for (const step of has) await STEPS[step](world)
  return world
}
