// Revocation by the client (RFC 7009): a client revokes its own tokens only, and learns nothing
// about others.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { INVALID_CLIENT, expectPrivate, expectRefusal, visible } from '../support/answers.ts'
import { decode, spellings } from '../support/jwt.ts'
import type { ClientCredentials } from '../support/records.ts'
import { ADDRESS, type TestServer, startServer } from '../support/server.ts'

const INACTIVE = { active: false }
const GRANTS = { docs: ['read'] }

let server: TestServer
let client: ClientCredentials
let other: ClientCredentials

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  client = await server.client({ grants: GRANTS })
  other = await server.client({ grants: GRANTS })
})

beforeEach(() => {
  server.events.length = 0
})

/** Expects exactly this one event since the test began. */
const expectEvent = (event: Record<string, unknown>): void => {
  expect(server.events).toEqual([
    {
      action: 'token.revoke',
      actor: `client:${client.id}`,
      requestId: expect.any(String) as unknown,
      address: ADDRESS,
      ...event,
    },
  ])
}

describe("revocation of a client's own token", () => {
  test('makes the token inactive and answers with an empty body', async () => {
    const token = await server.issue(client)
    const response = await server.revoke(client, token)
    expect([response.status, await response.text()]).toEqual([200, ''])
    expectPrivate(response)
    expect(await server.introspect(client, token)).toEqual(INACTIVE)
    expectEvent({ target: decode(token).claims.jti, outcome: 'success' })
  })

  test('ignores the token type hint and accepts credentials in the form', async () => {
    const token = await server.issue(client)
    const response = await server.post('/oauth/revoke', {
      token,
      token_type_hint: 'refresh_token',
      client_id: client.id,
      client_secret: client.secret,
    })
    expect(response.status).toBe(200)
    expect(await server.introspect(client, token)).toEqual(INACTIVE)
  })

  test('answers 200 when it is repeated', async () => {
    const token = await server.issue(client)
    await server.revoke(client, token)
    server.events.length = 0
    expect((await server.revoke(client, token)).status).toBe(200)
    expect(await server.introspect(client, token)).toEqual(INACTIVE)
    // Repetitions are counted, and leave no row each.
    expectEvent({ target: null, outcome: 'success', reason: 'token_revoked' })
  })

  test.each(['\n', '\r\n', ' ', '\t'])('ignores %j around the token', async (space) => {
    const token = await server.issue(client)
    expect((await server.revoke(client, `${space}${token}${space}`)).status).toBe(200)
    expect(await server.introspect(client, token)).toEqual(INACTIVE)
    expectEvent({ target: decode(token).claims.jti, outcome: 'success' })
  })

  test('covers every spelling of the signature', async () => {
    const token = await server.issue(client)
    await server.revoke(client, token)
    for (const one of spellings(token)) {
      expect(await server.introspect(client, one)).toEqual(INACTIVE)
    }
  })

  test('is audited with the id of the request', async () => {
    const token = await server.issue(client)
    const headers = { 'X-Request-Id': 'trace-1' }
    await server.post('/oauth/revoke', { token }, { basic: client, headers })
    expect(server.events).toMatchObject([{ requestId: 'trace-1' }])
  })

  test('answers 503 and is audited as failed when the store fails', async () => {
    const own = await startServer()
    await own.audience('docs', ['read'])
    const made = await own.client({ grants: GRANTS })
    const token = await own.issue(made)
    own.fail('revokeToken', new Unavailable('SQLITE_FULL'))
    expect((await own.revoke(made, token)).status).toBe(503)
    expect(own.events).toMatchObject([
      { target: decode(token).claims.jti, outcome: 'failed', reason: 'store_unavailable' },
    ])
    expect(own.events).toHaveLength(1)
  })
})

describe('revocation of any other token', () => {
  test('answers like a successful one, and the token of another client stays active', async () => {
    const token = await server.issue(other)
    const own = await visible(await server.revoke(client, await server.issue(client)))
    server.events.length = 0
    expect(await visible(await server.revoke(client, token))).toEqual(own)
    expect(await server.introspect(other, token)).toMatchObject({ active: true })
    expectEvent({
      target: null,
      outcome: 'refused',
      reason: 'token_of_another',
    })
  })

  test('has no effect for a resource server or an unbound administrator', async () => {
    const token = await server.issue(other)
    const observer = await server.client({ introspects: ['docs'] })
    const admin = await server.client({ workspaceId: null, grants: { latchkey: ['admin:write'] } })
    for (const caller of [observer, admin]) {
      expect((await server.revoke(caller, token)).status).toBe(200)
    }
    expect(await server.introspect(other, token)).toMatchObject({ active: true })
    expect(server.events.map((event) => event.reason)).toEqual([
      'token_of_another',
      'token_of_another',
    ])
  })

  /** Returns a token with a wrong signature and the jti of a valid token. */
  const unsigned = async () => {
    const token = await server.issue(client)
    return `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(342)}`
  }
  const respelled = async () => {
    const token = await server.issue(client)
    return spellings(token).find((one) => one !== token) ?? ''
  }
  const claiming = async (change: Record<string, unknown>, typ = 'at+jwt') => {
    const { claims } = decode(await server.issue(client))
    const { token } = await server.deps.signer.sign(
      { ...claims, ...change },
      { algorithm: 'RS256', typ },
    )
    return token
  }

  const unknown: [name: string, token: () => string | Promise<string>][] = [
    ['garbage', () => 'garbage'],
    ['a very long word', () => 'x'.repeat(60_000)],
    ['a foreign signature', unsigned],
    ['another spelling', respelled],
    ['another type', () => claiming({}, 'JWT')],
    ['another issuer', () => claiming({ iss: 'https://other.example' })],
    ['an expired token', () => claiming({ exp: server.seconds() })],
  ]
  test.each(unknown)('answers like a successful one for %s', async (_, make) => {
    const token = await make()
    const before = await visible(await server.revoke(client, await server.issue(client)))
    server.events.length = 0
    expect(await visible(await server.revoke(client, token))).toEqual(before)
    expectEvent({ target: null, outcome: 'refused', reason: 'token_unknown' })
    expect(JSON.stringify(server.events)).not.toContain(token)
  })

  test.each([
    ['a foreign signature', unsigned],
    ['another spelling', respelled],
  ])('writes no rule for the valid token behind %s', async (_, make) => {
    const written: unknown[] = []
    const { revokeToken } = server.deps.store
    server.deps.store.revokeToken = async (token) => void written.push(token)
    await server.revoke(client, await make())
    server.deps.store.revokeToken = revokeToken
    expect(written).toEqual([])
  })
})

describe('revocation endpoint', () => {
  test('refuses a request without valid credentials and revokes nothing', async () => {
    const token = await server.issue(client)
    await expectRefusal(await server.post('/oauth/revoke', { token }), INVALID_CLIENT)
    await expectRefusal(await server.revoke({ ...client, secret: 'x' }, token), INVALID_CLIENT)
    expect(await server.introspect(client, token)).toMatchObject({ active: true })
    const event = { action: 'client.authenticate', actor: 'unknown', outcome: 'refused' }
    const reason = 'client_authentication_failed'
    expect(server.events).toMatchObject([
      { ...event, target: null, reason },
      { ...event, target: client.id, reason },
    ])
  })

  test.each(['', 'token=', 'token=%0A', 'token=+', 'token_type_hint=access_token'])(
    'refuses a request without a token: %j',
    async (form) => {
      await expectRefusal(await server.post('/oauth/revoke', form, { basic: client }), [
        400,
        'invalid_request',
        'token_missing',
      ])
      expect(server.events).toEqual([])
    },
  )

  test('refuses a token in the query', async () => {
    const token = await server.issue(client)
    const response = await server.post(`/oauth/revoke?token=${token}`, {}, { basic: client })
    await expectRefusal(response, [400, 'invalid_request', 'parameter_in_query'])
    expect(await server.introspect(client, token)).toMatchObject({ active: true })
  })
})
