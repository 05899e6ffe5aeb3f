// A login that the server remembers ends with its secret, and belongs to one client.
import { beforeAll, expect, it } from 'vitest'
import { type TestServer, startServer } from '../support/server.ts'

const FORM = { grant_type: 'client_credentials', audience: 'docs' }
const GRANTS = { docs: ['read'] }
let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
})

const statusOf = async (basic: { id: string; secret: string }): Promise<number> =>
  (await server.post('/oauth/token', FORM, { basic })).status

it('login ends when the secret expires', async () => {
  const client = await server.client({ grants: GRANTS, secretExpiresAt: server.seconds() + 60 })
  expect([await statusOf(client), await statusOf(client)]).toEqual([200, 200])
  server.advance(59)
  expect(await statusOf(client)).toBe(200)
  server.advance(1)
  expect([await statusOf(client), await statusOf(client)]).toEqual([401, 401])
})

it('login is refused under the id of another client', async () => {
  const client = await server.client({ grants: GRANTS })
  const other = await server.client({ grants: GRANTS })
  expect([await statusOf(client), await statusOf(client)]).toEqual([200, 200])
  expect(await statusOf({ id: other.id, secret: client.secret })).toBe(401)
  expect(await statusOf(client)).toBe(200)
})
