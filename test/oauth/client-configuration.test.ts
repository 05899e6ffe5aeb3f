// Client configuration endpoint (RFC 7592): a client that enrolled itself reads, updates and
// deletes its registration.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEnrollment } from '../../src/admin/enrollments.ts'
import { CLOCK_CONFIRM_SECONDS } from '../../src/constants.ts'
import { Unavailable } from '../../src/errors.ts'
import { upkeepOf } from '../audit/table.ts'
import { live } from '../support/clock.ts'
import { adminOf } from '../support/admin.ts'
import { BARE, INVALID_TOKEN, expectRefusal } from '../support/answers.ts'
import { type TestServer, startServer } from '../support/server.ts'

type Json = Record<string, unknown>
type Made = { id: string; secret: string; token: string; first: Json }

let server: TestServer
let made: Made
beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['write>read', 'read'])
})

const GRANTS = [{ audience: 'docs', permissions: ['write'] }]

beforeEach(async () => {
  const input = { grants: GRANTS, unused_after_days: 30 }
  const { enrollment_token: enrollment } = await createEnrollment(adminOf(server), input)
  const response = await server.request('/oauth/register', {
    method: 'POST',
    body: '{"client_name":"Daemon","software_id":"s1"}',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${enrollment}` },
  })
  const first = (await response.json()) as Json
  made = {
    id: String(first['client_id']),
    secret: String(first['client_secret']),
    token: String(first['registration_access_token']),
    first,
  }
  server.events.length = 0
})

const send = (method: string, token: string | null, body?: unknown, id = made.id) =>
  server.request(`/oauth/register/${id}`, {
    method,
    headers: {
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

const UNAUTHORIZED = [401, 'invalid_token', 'registration_invalid'] as const

const update = (more: Json = {}) => ({ client_id: made.id, client_name: 'Daemon', ...more })

test('client configuration endpoint answers GET with the registration, without the secret', async () => {
  const response = await send('GET', made.token)
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const { client_secret: _secret, client_secret_expires_at: _at, ...rest } = made.first
  expect(await response.json()).toEqual(rest)
})

/** Runs `step` before each call of these store verbs. */
const around = (
  verbs: ('findClient' | 'findRegistrationHash' | 'updateClient')[],
  step: (call: number) => Promise<void>,
) => {
  let calls = 0
  for (const verb of verbs) {
    const real = server.store[verb] as (...given: unknown[]) => Promise<unknown>
    const wrapped = async (...given: unknown[]) => {
      await step(++calls)
      return await real(...given)
    }
    Object.assign(server.deps.store, { [verb]: wrapped })
  }
}

afterEach(() => server.heal())

describe('client configuration update', () => {
  test('changes the named members, narrows the grant and rotates the registration token', async () => {
    const body = update({ client_name: 'Renamed', scope: 'read' })
    const response = await send('PUT', made.token, body)
    expect(response.status).toBe(200)
    const after = (await response.json()) as Json
    expect(after).toMatchObject({ client_name: 'Renamed', scope: 'read', software_id: 's1' })
    const rotated = String(after['registration_access_token'])
    expect(rotated).not.toBe(made.token)
    await expectRefusal(await send('GET', made.token), UNAUTHORIZED, INVALID_TOKEN)
    expect((await send('GET', rotated)).status).toBe(200)
    expect(server.events).toContainEqual(
      expect.objectContaining({
        actor: `client:${made.id}`,
        action: 'client.update',
        outcome: 'success',
      }),
    )
  })

  test('replaces the redirection URIs that it names and keeps those that it leaves out', async () => {
    const put = async (token: string, members: Json) => {
      const response = await send('PUT', token, update(members))
      expect(response.status).toBe(200)
      const { redirect_uris: uris, registration_access_token: next } =
        (await response.json()) as Json
      return { uris, next: String(next) }
    }
    const named = ['https://app.example/cb', 'http://localhost:1/cb']
    const first = await put(made.token, { redirect_uris: named })
    expect(first.uris).toEqual(named)
    const second = await put(first.next, {})
    expect(second.uris).toEqual(named)
    const third = await put(second.next, { redirect_uris: [] })
    expect(third.uris).toEqual([])

    const body = update({ redirect_uris: ['javascript:x'] })
    await expectRefusal(await send('PUT', third.next, body), [
      400,
      'invalid_redirect_uri',
      'redirect_uri_invalid',
    ])
    expect((await send('GET', third.next)).status).toBe(200)
  })

  test('revokes the access tokens when it narrows the grant, and only then', async () => {
    const client = { id: made.id, secret: made.secret }
    const token = await server.issue(client)
    const same = (await (await send('PUT', made.token, update())).json()) as Json
    expect(await server.introspect(client, token)).toMatchObject({ active: true })
    await send('PUT', String(same['registration_access_token']), update({ scope: 'read' }))
    expect(await server.introspect(client, token)).toEqual({ active: false })
  })

  test('refuses a scope that an earlier update gave up', async () => {
    const narrowed = (await (
      await send('PUT', made.token, update({ scope: 'read' }))
    ).json()) as Json
    const token = String(narrowed['registration_access_token'])
    const response = await send('PUT', token, update({ scope: 'write' }))
    expect(await response.json()).toMatchObject({
      code: 'metadata_invalid',
      error_description: expect.stringMatching(/^scope: /),
    })
    const client = await server.store.findClient(made.id)
    expect(client?.grants).toEqual([{ audience: 'docs', permissions: ['read'] }])
  })

  test.each([
    ['another client_id', { client_id: 'lkc_other' }, 'client_id'],
    ['a wrong secret', { client_secret: 'lks_wrong' }, 'client_secret'],
    ['a secret that is a number', { client_secret: 7 }, 'client_secret'],
    ['a secret in a list', { client_secret: ['x'] }, 'client_secret'],
    ['a registration token', { registration_access_token: 'x' }, 'registration_access_token'],
    ['a registration address', { registration_client_uri: 'x' }, 'registration_client_uri'],
    ['no name', { client_name: undefined }, 'client_name'],
  ])('refuses %s and changes nothing', async (_, more, field) => {
    const before = await server.store.findClient(made.id)
    const response = await send('PUT', made.token, update(more))
    expect(response.status).toBe(400)
    const answer = (await response.json()) as Json
    expect(answer['error_description']).toMatch(new RegExp(`^${field}: `))
    expect(await server.store.findClient(made.id)).toEqual(before)
    expect((await send('GET', made.token)).status).toBe(200)
  })

  test('accepts the current secret in client_secret', async () => {
    const response = await send('PUT', made.token, update({ client_secret: made.secret }))
    expect(response.status).toBe(200)
  })

  test('keeps the authentication method when the body names none', async () => {
    const method = { token_endpoint_auth_method: 'client_secret_post' }
    const first = (await (await send('PUT', made.token, update(method))).json()) as Json
    const response = await send('PUT', String(first['registration_access_token']), update())
    expect(await response.json()).toMatchObject(method)
  })

  test('succeeds once when two requests present the same registration token', async () => {
    const answers = await Promise.all([
      send('PUT', made.token, update({ client_name: 'one' })),
      send('PUT', made.token, update({ client_name: 'two' })),
    ])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401])
  })
})

test.each([1, 2, 3, 4, 5, 6, 7])(
  'client configuration update that runs before step %i of another succeeds, and the other answers 401',
  async (n) => {
    const statuses: number[] = []
    const put = async (name: string) => {
      statuses.push((await send('PUT', made.token, update({ client_name: name }))).status)
    }
    around(['findClient', 'findRegistrationHash', 'updateClient'], async (call) => {
      if (call !== n) return
      server.heal()
      await put('within')
    })
    await put('around')
    expect(statuses).toEqual([200, 401])
  },
)

test('client configuration update answers 200 when the database fails after the write', async () => {
  around(['updateClient'], async () => server.fail('findClient', new Unavailable('x')))
  const response = await send('PUT', made.token, update({ client_name: 'Renamed' }))
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ client_name: 'Renamed', software_id: 's1' })
})

test('client configuration endpoint answers DELETE by removing the client with its tokens', async () => {
  const client = { id: made.id, secret: made.secret }
  const other = await server.client({ introspects: ['docs'] })
  const token = await server.issue(client)
  const response = await send('DELETE', made.token)
  expect(response.status).toBe(204)
  expect(await response.text()).toBe('')
  expect(await server.introspect(other, token)).toEqual({ active: false })
  expect((await server.requestToken({}, { basic: client })).status).toBe(401)
  await expectRefusal(await send('GET', made.token), UNAUTHORIZED, INVALID_TOKEN)
})

describe('client configuration endpoint', () => {
  test.each<[string, () => Promise<[string | null, string]>]>([
    ['no token', async () => [null, made.id]],
    ['another token', async () => [`lkr_${'x'.repeat(43)}`, made.id]],
    ['the client secret', async () => [made.secret, made.id]],
    ['an access token', async () => [await server.issue({ ...made }), made.id]],
    ['an unknown client', async () => [made.token, 'lkc_nobody']],
    ['a client that did not enroll', async () => ['', (await server.client()).id]],
    [
      'a disabled client',
      async () => {
        await server.setStatus(made.id, 'disabled')
        return [made.token, made.id]
      },
    ],
  ])('refuses %s with registration_invalid', async (_, make) => {
    const [token, id] = await make()
    for (const [method, body] of [['GET'], ['PUT', update()], ['DELETE']] as const) {
      const response = await send(method, token, body, id)
      await expectRefusal(response, UNAUTHORIZED, token ? INVALID_TOKEN : BARE)
    }
  })
})

test('upkeep removes a client that was unused for unused_after_days, and audits it', async () => {
  const upkeep = upkeepOf(server)
  await live(server.store, server.seconds())
  await upkeep.run()
  const day = 24 * 60 * 60
  server.advance(29 * day)
  await server.issue({ id: made.id, secret: made.secret })
  await upkeep.run()
  server.advance(29 * day)
  await upkeep.run()
  expect(await server.store.findClient(made.id)).not.toBeNull()
  server.advance(2 * day)
  await upkeep.run()
  expect(await server.store.findClient(made.id)).toBeNull()
  const filter = { action: 'client.delete_unused', target: made.id }
  const page = { filter, after: null, limit: 10, newestFirst: false }
  expect((await server.store.listAuditEvents(page)).rows).toMatchObject([
    { actor: 'server', outcome: 'intent' },
    { actor: 'server', outcome: 'success' },
  ])
})

test('upkeep of a process that has just started removes unused clients only after CLOCK_CONFIRM_SECONDS', async () => {
  server.advance(40 * 24 * 60 * 60)
  const upkeep = upkeepOf(server)
  await upkeep.run()
  server.advance(CLOCK_CONFIRM_SECONDS - 1)
  await upkeep.run()
  expect(await server.store.findClient(made.id)).not.toBeNull()
  server.advance(1)
  await upkeep.run()
  expect(await server.store.findClient(made.id)).toBeNull()
})
