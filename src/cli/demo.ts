// `latchkey demo`: the whole story against a real server over real HTTP, on a database that is thrown away.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { createClient } from '../admin/clients.ts'
import type { Admin } from '../admin/operation.ts'
import { createPlugin } from '../admin/plugins.ts'
import { loadConfig } from '../config.ts'
import { startServer } from '../node/serve.ts'
import { openLatchkey } from '../node/open.ts'

export const demo = async (): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-demo-'))
  try {
    await tellIn(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const UNHEARD = () => {}

const tellIn = async (directory: string): Promise<void> => {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const config = loadConfig({
    LATCHKEY_ISSUER: issuer,
    LATCHKEY_PORT: String(port),
    LATCHKEY_DATABASE_URL: `file:${join(directory, 'latchkey.db')}`,
    LATCHKEY_KEYS_DIR: join(directory, 'keys'),
  })
  const server = await startServer(config, { log: SILENT, audit: UNHEARD })
  const opened = await openLatchkey({ config, clock: Date.now, audit: UNHEARD, create: false })
  const deps = {
    ...opened,
    issuer,
    log: SILENT,
    audit: UNHEARD,
    clock: Date.now,
    random: randomBytes,
    tokenTtlSeconds: config.tokenTtlSeconds,
    algorithms: config.algorithms,
    metrics: null,
  }
  try {
    await tell(`http://127.0.0.1:${port}`, issuer, { deps, as: { actor: 'demo' } })
  } finally {
    await opened.store.close()
    await server.close()
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

let step = 0
const say = (text: string): void => void process.stdout.write(`\n${++step}. ${text}\n`)
const show = (label: string, value: unknown): void => {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  process.stdout.write(`   ${label}${text.replaceAll('\n', '\n   ')}\n`)
}
const shortened = (text: string): string => `${text.slice(0, 24)}…${text.slice(-8)}`

const tell = async (url: string, issuer: string, admin: Admin): Promise<void> => {
  process.stdout.write(`Latchkey answers at ${issuer}\n`)

  say('An operator registers a plugin, and a client that may act for it.')
  const plugin = { id: 'slack-sync', trust: 'trusted' as const, capabilities: ['connector:slack'] }
  await createPlugin(admin, plugin)
  const client = await createClient(admin, {
    name: 'Slack hook process',
    plugins: [plugin.id],
    grants: [{ audience: 'hook', permissions: ['hook:track'] }],
  })
  show('plugin        ', plugin.id)
  show('client_id     ', client.client_id)
  show('client_secret ', `${client.client_secret.slice(0, 8)}… (shown once, stored as a hash)`)
  show('may ask for   ', 'hook:track at the audience hook')

  const post = caller(url, client)

  say('The client asks for a token.')
  const issued = await post('/oauth/token', { grant_type: 'client_credentials' })
  const token = String(issued.body['access_token'])
  expect(issued.status === 200, issued)
  show(`POST /oauth/token → ${issued.status} `, { ...issued.body, access_token: shortened(token) })

  say('What the token says.')
  show('', decodeJwt(token))

  say('Is it good? Introspection asks the database.')
  const active = await post('/oauth/introspect', { token })
  expect(active.body['active'] === true, active)
  show(`POST /oauth/introspect → ${active.status} `, 'active: true')

  say('A permission that is not granted is refused, not left out silently.')
  refused(await post('/oauth/token', { grant_type: 'client_credentials', scope: 'hook:govern' }))

  say('So is a plugin that the client does not act for.')
  refused(await post('/oauth/token', { grant_type: 'client_credentials', plugin_id: 'mail-sync' }))

  say('The client gives its token back.')
  const revoked = await post('/oauth/revoke', { token })
  expect(revoked.status === 200, revoked)
  show('', `POST /oauth/revoke → ${revoked.status}`)

  say('From now on it is worth nothing, whatever its expiry says.')
  const inactive = await post('/oauth/introspect', { token })
  expect(inactive.body['active'] === false, inactive)
  show(`POST /oauth/introspect → ${inactive.status} `, inactive.body)

  say('The public keys, for whoever verifies: one that signs, one that is next.')
  const jwks = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: object[] }
  for (const key of jwks.keys) show('', JSON.stringify({ ...key, n: '…' }))
  process.stdout.write('\n')
}

type Answer = { status: number; body: Record<string, unknown> }

const caller =
  (url: string, { client_id, client_secret }: { client_id: string; client_secret: string }) =>
  async (path: string, form: Record<string, string>): Promise<Answer> => {
    const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64')
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams(form),
    })
    const text = await response.text()
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    return { status: response.status, body }
  }

const refused = (answer: Answer): void => {
  const [error, description, code] = ['error', 'error_description', 'code'].map((name) =>
    String(answer.body[name]),
  )
  expect(answer.status === 400, answer)
  show(`POST /oauth/token → ${answer.status} `, `${error} (${code}): ${description}`)
}

/** The demo tells only what it has seen. */
const expect = (holds: boolean, answer: Answer): void => {
  if (!holds)
    throw new Error(`the demo did not expect ${answer.status} ${JSON.stringify(answer.body)}`)
}
