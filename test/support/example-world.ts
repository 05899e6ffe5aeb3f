// The server of the examples in the reference: it has the records that the examples name, under their ids.
import { BASE } from '../../src/admin/api/table.ts'
import { newClientSecret } from '../../src/secret.ts'
import type { AuthorizationDetail } from '../../src/store/store.ts'
import { decode } from './jwt.ts'
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
  /** Token that the examples name. */
  issued?: { token: string; jti: string }
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
        secret: { ...row, id: SECRET_ID, name: 'March' },
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

/** Lets the time of the examples' later events come. */
const until = (world: World, time: string): void =>
  world.server.advance(Date.parse(time) / 1000 - now(world))

/** Requests a token at the time of the examples' `last_used_at`. */
export const logIn = async (world: World) => {
  until(world, '2026-03-02T11:00:00Z')
  const { store } = world.server
  await world.token()
  world.server.sql(`update client_secrets set last_used_at = ${now(world)}`)
  return await store.listSecrets(CLIENT_ID, now(world))
}

export const closeRun = async (world: World) => {
  until(world, '2026-03-02T11:30:00Z')
  await done('/runs/run-2026-03-02/revoke', { workspace_id: 'acme' })(world)
}

/** Issues the token of the examples, for a run. */
export const issueLater = async (world: World) => {
  until(world, '2026-03-02T11:00:00Z')
  await grantRuns(world)
  issued(world, await issueOfRun(world))
}

const issued = (world: World, token: string): void => {
  world.issued = { token, jti: String(decode(token).claims['jti']) }
}

/** Revokes the token of the examples. */
export const revokeLater = async (world: World) => {
  until(world, '2026-03-02T11:00:00Z')
  issued(world, await world.token())
  until(world, '2026-03-02T11:05:00Z')
  await done('/revocations', { token: world.issued?.token })(world)
}

/** Issues three tokens of the run in the example. */
export const issueForRun = async (world: World) => {
  await grantRuns(world)
  for (let i = 0; i < 3; i++) await issueOfRun(world)
}

const grantRuns = async (world: World) => {
  const { store } = world.server
  const client = await store.findClient(CLIENT_ID)
  if (client === null) throw new Error('the client does not exist')
  await store.updateClient(client, { details: [RUNS] }, now(world))
}

const issueOfRun = (world: World): Promise<string> =>
  world.server.issue(world.client, {
    audience: 'calendar',
    plugin_id: 'slack-sync',
    authorization_details: JSON.stringify([{ type: 'tool_run', identifier: 'run-2026-03-02' }]),
  })

/** Sends a request that must succeed. */
export const done = (path: string, body?: unknown) => async (world: World) => {
  const { status } = await world.call('POST', path, body)
  if (status !== 200 && status !== 201) throw new Error(`${path} answers ${status}`)
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
