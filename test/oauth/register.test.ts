// Enrollment (RFC 7591): a client registers once with an enrollment token.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authorityOf } from '../../src/admin/authority.ts'
import { createEnrollment, revokeEnrollment } from '../../src/admin/enrollments.ts'
import { Conflict, Unavailable } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { BARE, INVALID_TOKEN, type Refusal, expectRefusal } from '../support/answers.ts'
import { ADDRESS, ISSUER, type TestServer, startServer } from '../support/server.ts'

type Input = Parameters<typeof createEnrollment>[1]
type Json = Record<string, unknown>

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['full>write', 'write>read', 'read', 'agency'])
  await server.plugin('slack')
})
beforeEach(() => {
  server.events.length = 0
})

const GRANTS = [{ audience: 'docs', permissions: ['write', 'agency'] }]

const enroll = async (input: Input = {}) =>
  await createEnrollment(adminOf(server), { grants: GRANTS, plugins: ['slack'], ...input })

const register = (token: string | null, body: unknown, headers: Record<string, string> = {}) =>
  server.request('/oauth/register', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: {
      'Content-Type': 'application/json',
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
  })

const registered = async (token: string, body: unknown): Promise<Json> => {
  const response = await register(token, body)
  expect(response.status, await response.clone().text()).toBe(201)
  return (await response.json()) as Json
}

const METADATA = { client_name: 'Daemon' }

const INVALID = [401, 'invalid_token', 'enrollment_invalid'] as const
const USED = [401, 'invalid_token', 'enrollment_used'] as const

describe('registration', () => {
  test('creates a client and shows its credentials once', async () => {
    const { enrollment_token: token, enrollment_id: id } = await enroll()
    const response = await register(token, { ...METADATA, software_id: 'installer-7' })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const client = (await response.json()) as Json
    expect(client).toEqual({
      client_id: expect.stringMatching(/^lkc_[\w-]{22}$/),
      client_id_issued_at: server.seconds(),
      client_name: 'Daemon',
      client_secret: expect.stringMatching(/^lks_[\w-]{43}$/),
      client_secret_expires_at: 0,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      registration_access_token: expect.stringMatching(/^lkr_[\w-]{43}$/),
      registration_client_uri: `${ISSUER}/oauth/register/${String(client['client_id'])}`,
      scope: 'write agency',
      software_id: 'installer-7',
      token_endpoint_auth_method: 'client_secret_basic',
    })
    const row = await server.store.findClient(String(client['client_id']))
    expect(row).toMatchObject({ workspaceId: 'default', plugins: ['slack'], grants: GRANTS })
    expect(await server.store.findEnrollment(id)).toMatchObject({
      clientId: client['client_id'],
      usedAt: server.seconds(),
    })
    expect(server.events.filter(({ action }) => action === 'client.register')).toEqual([
      {
        actor: `enrollment:${id}`,
        action: 'client.register',
        target: client['client_id'],
        outcome: 'success',
        requestId: expect.any(String),
        address: ADDRESS,
      },
    ])
  })

  test('creates a client that gets tokens at once, within the grant of the enrollment', async () => {
    const { enrollment_token: token } = await enroll()
    const made = await registered(token, METADATA)
    const client = { id: String(made['client_id']), secret: String(made['client_secret']) }
    const issued = await server.requestToken({}, { basic: client })
    expect(await issued.json()).toMatchObject({ scope: 'write read agency' })
    const more = await server.requestToken({ scope: 'full' }, { basic: client })
    await expectRefusal(more, [400, 'invalid_scope', 'scope_not_granted'])
  })

  test.each([
    ['an empty list', [], []],
    ['null, which counts as left out', null, []],
    ['an https address', ['https://app.example/cb?x=1'], ['https://app.example/cb?x=1']],
    ['a loopback address', ['http://127.0.0.1:3000/cb'], ['http://127.0.0.1:3000/cb']],
    ['a scheme of an application', ['com.example.app:/cb'], ['com.example.app:/cb']],
    ['an unusual spelling, kept as it is', ['HTTPS://App.Example'], ['HTTPS://App.Example']],
    [
      'as many as allowed, each as long as allowed',
      Array.from({ length: 10 }, (_, i) => `https://app.example/${String(i).repeat(2_028)}`),
      Array.from({ length: 10 }, (_, i) => `https://app.example/${String(i).repeat(2_028)}`),
    ],
  ])('answers the redirection URIs at once and later: %s', async (_, uris, answered) => {
    const { enrollment_token: token } = await enroll()
    const made = await registered(token, { ...METADATA, redirect_uris: uris })
    expect(made).toMatchObject({ redirect_uris: answered, response_types: [] })
    const response = await server.request(String(made['registration_client_uri']), {
      headers: { Authorization: `Bearer ${String(made['registration_access_token'])}` },
    })
    expect(await response.json()).toMatchObject({ redirect_uris: answered, response_types: [] })
  })

  test.each([
    ['left out', undefined, 'write agency'],
    ['a part of the grant', 'agency', 'agency'],
    ['an implied permission', 'read', 'read'],
  ])('narrows the grant to the requested scope: %s', async (_, scope, granted) => {
    const { enrollment_token: token } = await enroll()
    const made = await registered(token, { ...METADATA, scope })
    expect(made['scope']).toBe(granted)
  })

  test.each([
    ['full write read', 'full'],
    ['read write', 'write'],
    ['read', 'read'],
    ['read agency', 'read agency'],
  ])('stores no permission that another one implies: %s', async (scope, granted) => {
    const grants = [{ audience: 'docs', permissions: ['full', 'agency'] }]
    const { enrollment_token: token } = await enroll({ grants })
    expect(await registered(token, { ...METADATA, scope })).toMatchObject({ scope: granted })
  })

  test('keeps a directly granted permission, even when another implies it', async () => {
    const grants = [{ audience: 'docs', permissions: ['full', 'read'] }]
    const { enrollment_token: token } = await enroll({ grants })
    const made = await registered(token, { ...METADATA, scope: 'full write read' })
    expect(made['scope']).toBe('full read')
  })

  test('copies authorization details without resources and parts that were deleted meanwhile', async () => {
    const { store } = server
    for (const [id, parts] of [
      ['evening', ['a', 'b']],
      ['morning', ['a']],
    ] as const) {
      const resource = { type: 'playlist', id, workspaceId: 'default', parts: [...parts] }
      await store.createResource(resource, server.seconds())
    }
    const entry = (identifier: string, parts: string[]) => ({
      type: 'playlist',
      identifier,
      actions: ['play'],
      parts,
    })
    const details = [entry('evening', ['a', 'b']), entry('morning', ['a'])]
    const { enrollment_token: token } = await enroll({ authorization_details: details })
    const evening = await store.findResource('playlist', 'evening')
    const morning = await store.findResource('playlist', 'morning')
    if (evening === null || morning === null) throw new Error('the resources are missing')
    await store.updateResource(evening, ['b'], server.seconds())
    await store.deleteResource(morning, server.seconds())
    const made = await registered(token, METADATA)
    const client = await store.findClient(String(made['client_id']))
    expect(client?.details).toEqual([entry('evening', ['b'])])
  })
})

describe('registration endpoint', () => {
  test('refuses a request without a token with a bare challenge', async () => {
    const response = await register(null, METADATA)
    await expectRefusal(response, [401, 'invalid_token', 'enrollment_missing'], BARE)
  })

  type Case = [string, () => Promise<string>, readonly [401, string, string]]
  const cases: Case[] = [
    ['an unknown token', async () => `lke_${'x'.repeat(43)}`, INVALID],
    ['an access token', async () => server.issue(await client()), INVALID],
    ['a client secret', async () => (await client()).secret, INVALID],
    [
      'a registration access token',
      async () => {
        const made = await registered((await enroll()).enrollment_token, METADATA)
        return String(made['registration_access_token'])
      },
      INVALID,
    ],
    [
      'an expired token',
      async () => {
        const { enrollment_token: token } = await enroll({ expires_in: 60 })
        server.advance(60)
        return token
      },
      INVALID,
    ],
    [
      'a revoked token',
      async () => {
        const { enrollment_token: token, enrollment_id: id } = await enroll()
        await revokeEnrollment(adminOf(server), id)
        return token
      },
      INVALID,
    ],
    [
      'a token of a suspended workspace',
      async () => {
        await server.workspace('closing')
        const { enrollment_token: token } = await enroll({ workspace_id: 'closing' })
        await server.setWorkspaceStatus('closing', 'suspended')
        return token
      },
      INVALID,
    ],
    ['a used token', async () => used(), USED],
    [
      'a used token after its expiry',
      async () => {
        const token = await used()
        server.advance(25 * 60 * 60)
        return token
      },
      USED,
    ],
  ]
  const client = () => server.client({ grants: { docs: ['read'] } })
  const used = async () => {
    const { enrollment_token: token } = await enroll()
    await registered(token, METADATA)
    return token
  }

  test.each(cases)('refuses %s and creates no client', async (_, make, refusal) => {
    const token = await make()
    const before = (await server.store.listClients()).length
    const response = await register(token, METADATA)
    await expectRefusal(response, refusal, INVALID_TOKEN)
    expect(await server.store.listClients()).toHaveLength(before)
  })

  const bad: [string, unknown, RegExp][] = [
    ['no name', {}, /^client_name: /],
    ['an empty name', { client_name: ' ' }, /^client_name: /],
    ['a name that is a number', { client_name: 7 }, /^client_name: /],
    ['a long name', { client_name: 'x'.repeat(201) }, /^client_name: /],
    ['a name with a bidi override', { client_name: 'a\u202eb' }, /^client_name: /],
    ['a name with a zero-width space', { client_name: 'a\u200bb' }, /^client_name: /],
    ['an invisible software id', { ...METADATA, software_id: '\u2060x' }, /^software_id: /],
    ['an empty scope', { ...METADATA, scope: '' }, /^scope: /],
    ['a scope that is not granted', { ...METADATA, scope: 'full' }, /^scope: /],
    ['a scope of another audience', { ...METADATA, scope: 'write hook:track' }, /^scope: /],
    ['a scope that is a list', { ...METADATA, scope: ['write'] }, /^scope: /],
    ['two spaces in a scope', { ...METADATA, scope: 'write  agency' }, /^scope: /],
    [
      'another authentication method',
      { ...METADATA, token_endpoint_auth_method: 'none' },
      /^token_endpoint_auth_method: /,
    ],
    ['another grant type', { ...METADATA, grant_types: ['password'] }, /^grant_types: /],
    ['no grant type', { ...METADATA, grant_types: [] }, /^grant_types: /],
    ['keys', { ...METADATA, jwks: { keys: [] } }, /^jwks: /],
    ['a JWKS address', { ...METADATA, jwks_uri: 'https://x.example' }, /^jwks_uri: /],
    [
      'redirection URIs as one text',
      { ...METADATA, redirect_uris: 'https://a.example' },
      /^redirect_/,
    ],
    [
      'eleven redirection URIs',
      {
        ...METADATA,
        redirect_uris: Array.from({ length: 11 }, (_, i) => `https://a.example/${i}`),
      },
      /^redirect_uris: must have at most 10 entries/,
    ],
    ['a software id that is an object', { ...METADATA, software_id: {} }, /^software_id: /],
  ]
  test.each(bad)(
    'refuses %s, and the enrollment token stays valid',
    async (_, body, description) => {
      const { enrollment_token: token } = await enroll()
      const response = await register(token, body)
      expect(response.status).toBe(400)
      const answer = (await response.json()) as Json
      expect(answer).toMatchObject({ error: 'invalid_client_metadata', code: 'metadata_invalid' })
      expect(answer['error_description']).toMatch(description)
      await registered(token, METADATA)
    },
  )

  const URIS: [string, unknown][] = [
    ['a number', [7]],
    ['a list in a list', [['https://app.example/cb']]],
    ['null in a list', [null]],
    ['an empty text', ['']],
    ['a path', ['/cb']],
    ['a host name alone', ['app.example']],
    ['a fragment', ['https://app.example/cb#x']],
    ['an empty fragment', ['https://app.example/cb#']],
    ['a script', ['javascript:alert(1)']],
    ['a script in capital letters', ['JavaScript:alert(1)']],
    ['a data URI', ['data:text/html,x']],
    ['another script', ['https://app.example/cb', 'vbscript:x']],
    ['a space', ['https://app.example/c b']],
    ['a line break', ['https://app.example/\nx']],
    ['a leading space', [' https://app.example/cb']],
    ['an invisible character', ['https://app.example/\u200b']],
    ['a URI that is too long', [`https://app.example/${'x'.repeat(2_029)}`]],
  ]
  test.each(URIS)(
    'refuses %s among the redirection URIs, and the enrollment token stays valid',
    async (_, uris) => {
      const { enrollment_token: token } = await enroll()
      const response = await register(token, { ...METADATA, redirect_uris: uris })
      expect(response.status).toBe(400)
      const answer = (await response.json()) as Json
      expect(answer).toMatchObject({ error: 'invalid_redirect_uri', code: 'redirect_uri_invalid' })
      expect(answer['error_description']).toMatch(/^redirect_uris: entry \d must /)
      await registered(token, METADATA)
    },
  )

  test.each([
    ['application/json; charset=utf-8', {}],
    ['application/json; profile="https://example.org/p"', {}],
    ['application/json;charset=ISO-8859-1', {}],
    ['application/json; charset=made-up', {}],
    ['application/json; charset=', {}],
    ['application/json; q="a,b"', {}],
    ['APPLICATION/JSON ;', { 'Content-Encoding': 'identity' }],
  ])('accepts the media type %s', async (type, headers) => {
    const { enrollment_token: token } = await enroll()
    const response = await register(token, METADATA, { 'Content-Type': type, ...headers })
    expect(response.status, await response.clone().text()).toBe(201)
  })

  test.each<[string, Record<string, string>, Refusal]>([
    [
      'iso-8859-1',
      { 'Content-Type': 'application/json; charset=iso-8859-1' },
      [400, 'invalid_request', 'charset_unsupported'],
    ],
    [
      'The charset UTF-16LE is not supported: send UTF-8.',
      { 'Content-Type': 'application/json; charset=UTF-16LE' },
      [400, 'invalid_request', 'charset_unsupported'],
    ],
    [
      'gzip',
      { 'Content-Encoding': 'gzip' },
      [415, 'invalid_request', 'content_encoding_unsupported'],
    ],
    [
      'text/plain',
      { 'Content-Type': 'text/plain' },
      [400, 'invalid_client_metadata', 'metadata_malformed'],
    ],
  ])(
    'refuses an unsupported header and names it: %s; the enrollment token stays valid',
    async (named, headers, refusal) => {
      const { enrollment_token: token } = await enroll()
      const response = await register(token, { client_name: 'Zoë' }, headers)
      expect(await response.clone().text()).toContain(named)
      await expectRefusal(response, refusal)
      await registered(token, METADATA)
    },
  )

  test.each([
    ['a list', '[]', {}],
    ['a text', '"x"', {}],
    ['null', 'null', {}],
    ['incomplete JSON', '{', {}],
    ['an empty body', '', {}],
    ['a repeated member', '{"client_name":"a","client_name":"b"}', {}],
    ['a form', 'client_name=a', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['another type', '{"client_name":"a"}', { 'Content-Type': 'text/plain' }],
  ])(
    'refuses %s with metadata_malformed, and the enrollment token stays valid',
    async (_, body, headers) => {
      const { enrollment_token: token } = await enroll()
      const response = await register(token, body, headers)
      await expectRefusal(response, [400, 'invalid_client_metadata', 'metadata_malformed'])
      await registered(token, METADATA)
    },
  )

  test('refuses a body that is too long', async () => {
    const { enrollment_token: token } = await enroll()
    const response = await register(token, { ...METADATA, x: 'y'.repeat(65_536) })
    await expectRefusal(response, [413, 'invalid_client_metadata', 'metadata_too_large'])
  })

  test('accepts an enrollment token that every other endpoint refused', async () => {
    const { enrollment_token: token } = await enroll()
    const bearer = { headers: { Authorization: `Bearer ${token}` } }
    expect((await server.request('/admin/v1/clients', bearer)).status).toBe(401)
    const id = (await client()).id
    expect((await server.request(`/oauth/register/${id}`, bearer)).status).toBe(401)
    const asSecret = await server.requestToken({}, { basic: { id, secret: token } })
    expect(asSecret.status).toBe(401)
    await registered(token, METADATA)
  })
})

describe('registration with a concurrent change', () => {
  afterEach(() => server.heal())
  /** Runs `step` right before the client is created. */
  const before = (step: () => Promise<unknown>) =>
    Object.assign(server.deps.store, {
      consumeEnrollment: async (...given: Parameters<typeof server.store.consumeEnrollment>) => {
        await step()
        return await server.store.consumeEnrollment(...given)
      },
    })

  test('leaves out a permission that was removed', async () => {
    await server.audience('fleeting', ['stays', 'goes'])
    const grants = [{ audience: 'fleeting', permissions: ['stays', 'goes'] }]
    const { enrollment_token: token } = await enroll({ grants })
    const [fleeting] = await server.store.listAudiences({ ids: ['fleeting'] })
    if (fleeting === undefined) throw new Error('the audience is missing')
    const permissions = [{ name: 'stays', implies: [] }]
    let changed = false
    before(async () => {
      if (changed) return
      changed = true
      await server.store.updateAudience(fleeting, { permissions }, server.seconds())
    })
    expect(await registered(token, METADATA)).toMatchObject({ scope: 'stays' })
  })

  test('is refused after a revocation of the enrollment', async () => {
    const { enrollment_token: token, enrollment_id: id } = await enroll()
    before(() => server.store.revokeEnrollment(id, server.seconds()))
    await expectRefusal(await register(token, METADATA), INVALID, INVALID_TOKEN)
  })

  test('answers 503 after repeated conflicts, and the enrollment token stays valid', async () => {
    const { enrollment_token: token } = await enroll()
    server.fail('consumeEnrollment', new Conflict())
    expect((await register(token, METADATA)).status).toBe(503)
    server.heal()
    await registered(token, METADATA)
  })

  test('answers the credentials when the database fails after the write', async () => {
    const { enrollment_token: token } = await enroll()
    before(async () => server.fail('findClient', new Unavailable('x')))
    await registered(token, METADATA)
  })
})

describe('enrollment that an administrator created', () => {
  /** A second administrator, so that one remains. */
  beforeAll(async () => {
    const latchkey = ['admin:read', 'admin:write']
    await server.client({ workspaceId: null, grants: { latchkey } })
  })

  const made = async () => {
    const { id } = await server.client({ workspaceId: null, grants: { latchkey: ['admin:write'] } })
    const subject = await server.store.findGrantedClient(id)
    if (subject === null) throw new Error('the administrator is missing')
    const authority = authorityOf(subject, ['admin:write'])
    const admin = { ...adminOf(server), authority }
    const enrollment = await createEnrollment(admin, { grants: GRANTS, workspace_id: 'default' })
    expect(enrollment.created_by).toBe(id)
    return { id, token: enrollment.enrollment_token }
  }
  const maker = async (id: string) => {
    const client = await server.store.findClient(id)
    if (client === null) throw new Error('the administrator is missing')
    return client
  }

  test('registers a client while the administrator is unchanged', async () => {
    await registered((await made()).token, METADATA)
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['is deleted', async (id) => server.store.deleteClient(await maker(id), server.seconds())],
    [
      'loses a grant',
      async (id) => server.store.updateClient(await maker(id), { grants: [] }, server.seconds()),
    ],
    ['is disabled', (id) => server.setStatus(id, 'disabled')],
  ])('becomes invalid when the administrator %s', async (_, end) => {
    const { id, token } = await made()
    await end(id)
    await expectRefusal(await register(token, METADATA), INVALID, INVALID_TOKEN)
  })
})

test('refused registration is audited with the id of the enrollment', async () => {
  const { enrollment_token: token, enrollment_id: id } = await enroll()
  await revokeEnrollment(adminOf(server), id)
  await register(token, METADATA)
  expect(server.events.at(-1)).toMatchObject({ target: id, reason: 'enrollment_invalid' })
})

test('registration succeeds once when one enrollment token is used fifty times at once', async () => {
  const { enrollment_token: token } = await enroll()
  const answers = await Promise.all(Array.from({ length: 50 }, () => register(token, METADATA)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(49).fill(401)])
  const refused = answers.filter(({ status }) => status === 401)
  for (const answer of refused) await expectRefusal(answer, USED, INVALID_TOKEN)
})

test('registration writes no secret to the log, the audit or the database', async () => {
  const { enrollment_token: token } = await enroll()
  const made = await registered(token, METADATA)
  await register(token, METADATA)
  const secrets = [token, made['client_secret'], made['registration_access_token']].map(String)
  const written = JSON.stringify([
    server.lines,
    server.events,
    await server.store.listEnrollments(),
  ])
  expect(secrets.filter((secret) => written.includes(secret))).toEqual([])
})
