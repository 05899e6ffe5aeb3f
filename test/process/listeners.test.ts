// Waiting requests add no listener to a longer-lived object: Node.js warns from the eleventh
// listener on.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import { createTestIssuer } from '../../src/verifier/testing/issuer.ts'
import { PUBLIC_PATHS } from '../support/addresses.ts'
import { addHookClient } from '../support/database.ts'
import { basicHeader, createCaller } from '../support/http.ts'
import {
  type Place,
  type ServerProcess,
  latchkeyJson,
  seededPlace,
  startServer,
} from '../support/processes.ts'
import { LAST_CHUNK, chunk, head, open } from '../support/raw-http.ts'
import type { ClientCredentials } from '../support/records.ts'

const PRELOADED = fileURLToPath(new URL('../support/listener-limits.cjs', import.meta.url))
const AT_ONCE = 150
const FORM = 'application/x-www-form-urlencoded'

type Asked = {
  client: ClientCredentials
  administrator: ClientCredentials
  token: string
  admin: string
}
type Case = { path: string; status: number; init?: (asked: Asked) => RequestInit }

const form = (client: ClientCredentials, body: string): RequestInit => ({
  method: 'POST',
  headers: { Authorization: basicHeader(client), 'Content-Type': FORM },
  body,
})
const bearer = ({ admin }: Asked): RequestInit => ({
  headers: { Authorization: `Bearer ${admin}` },
})

const CASES: readonly Case[] = [
  { path: '/metrics', status: 200 },
  { path: '/healthz', status: 200 },
  { path: '/readyz', status: 200 },
  ...PUBLIC_PATHS.map((path) => ({ path, status: 200 })),
  { path: '/oauth/revocations?wait=1', status: 200 },
  {
    path: '/oauth/token',
    status: 200,
    init: ({ client }) => form(client, 'grant_type=client_credentials'),
  },
  {
    path: '/oauth/introspect',
    status: 200,
    init: ({ client, token }) => form(client, `token=${token}`),
  },
  { path: '/oauth/revoke', status: 200, init: ({ client }) => form(client, 'token=none') },
  {
    path: '/oauth/token',
    status: 401,
    init: ({ client }) => form({ ...client, secret: 'none' }, 'grant_type=client_credentials'),
  },
  { path: '/admin/v1/clients', status: 200, init: bearer },
  { path: '/admin/v1/audit/export', status: 200, init: bearer },
  { path: '/admin/v1/clients', status: 401 },
  { path: '/nowhere', status: 404 },
]

const WARNING = /Warning/

describe.each(['1', '2'])('server of %s processes', (workers) => {
  let place: Place
  let server: ServerProcess
  let asked: Asked
  beforeAll(async () => {
    place = await seededPlace({
      LATCHKEY_WORKERS: workers,
      NODE_OPTIONS: `--trace-warnings --require ${PRELOADED}`,
    })
    server = await startServer(place)
    const client = await addHookClient(place)
    const made = await latchkeyJson<{ client_id: string; client_secret: string }>(place, [
      'admin',
      'create',
    ])
    const administrator = { id: made.client_id, secret: made.client_secret }
    const call = createCaller(place.url)
    const [token, admin] = [await call.issue(client), await call.issue(administrator)]
    asked = { client, administrator, token, admin }
  })
  afterAll(async () => {
    expect((await server.stop()).stderr).toBe('') // The last line may be late.
  })

  it.each(CASES)(
    `answers ${AT_ONCE} simultaneous requests for $path with $status`,
    async ({ path, status, init }) => {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          const answer = await fetch(place.url + path, init?.(asked))
          await answer.text()
          return answer.status
        }),
      )
      expect(answers).toEqual(Array<number>(AT_ONCE).fill(status))
      expect(server.said.stderr).not.toMatch(WARNING)
    },
  )

  it('answers pipelined and slow requests', async () => {
    const connection = open(place)
    const held = head('GET /oauth/revocations?wait=1')
    connection.write(held.repeat(AT_ONCE) + head('GET /nowhere', { Connection: 'close' }))
    const slow = Array.from({ length: AT_ONCE }, () => open(place))
    const start = head('POST /oauth/token', {
      'Content-Type': FORM,
      'Transfer-Encoding': 'chunked',
    })
    for (const one of slow) one.write(start)
    for (let i = 0; i < 20; i++) for (const one of slow) one.write(chunk('a'))
    for (const one of slow) one.write(LAST_CHUNK)
    for (const one of slow) await one.receives(/HTTP\/1\.1 40\d/)
    await connection.receives(/HTTP\/1\.1 404/)
    expect(server.said.stderr).not.toMatch(WARNING)
  })

  it('stops without a warning while answers are held', async () => {
    const held = Array.from({ length: AT_ONCE }, () =>
      fetch(`${place.url}/oauth/revocations?wait=20`).catch(() => null),
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { code, stderr } = await server.stop()
    await Promise.all(held)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('verifier', () => {
  it('adds no listener for a waiting token', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const issuer = await createTestIssuer()
    const { fetch: answer } = issuer
    const verifier = createVerifier({
      issuer: issuer.issuer,
      audience: 'hook',
      fetch: async (url, init) => {
        await new Promise((resolve) => setTimeout(resolve, 100))
        return await answer(url, init)
      },
    })
    const token = await issuer.token({ audience: 'hook', scope: 'hook:govern' })
    const asked = { permission: 'hook:govern', plugin: unsafeIgnorePlugin } as const
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          await verifier.ready()
          await verifier.verify(token, asked)
        }),
      )
    }
    verifier.close()
    process.off('warning', note)
    expect(warnings).toEqual([])
  })
})
