// Reasons of refused credentials: the log names the reason, and the answer is the same for each.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEnrollment, revokeEnrollment } from '../../src/admin/enrollments.ts'
import { disablePlugin } from '../../src/admin/plugins.ts'
import {
  AUTHENTICATION_REASONS,
  ENROLLMENT_REASONS,
  INACTIVE_REASONS,
  LOG_FIELDS,
  REGISTRATION_REASONS,
  secretRefusal,
} from '../../src/oauth/reasons.ts'
import { FORM_PATHS, GOOD_FORMS } from '../support/addresses.ts'
import { adminOf } from '../support/admin.ts'
import { visible } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type Sent, type TestServer, basic, startServer } from '../support/server.ts'

const UNKNOWN_ID = `lkc_${'x'.repeat(22)}`
const WRONG = `lks_${'x'.repeat(43)}`

let server: TestServer
let client: ClientCredentials
/** Requests by the reason of their refusal; `form` is added to that of the address. */
let logins: Record<string, Sent & { form?: Record<string, string> }>
/** Texts of secrets that no line may repeat. */
let secrets: string[]

const enroll = async (workspace_id = 'default', plugins: string[] = []) =>
  await createEnrollment(adminOf(server), {
    workspace_id,
    plugins,
    grants: [{ audience: 'docs', permissions: ['read'] }],
  })

const register = (token: string | undefined) =>
  server.request('/oauth/register', {
    method: 'POST',
    body: JSON.stringify({ client_name: 'Daemon' }),
    headers: {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
  })

type Registered = { id: string; token: string }
const registered = async (workspaceId?: string): Promise<Registered> => {
  const { enrollment_token: token } = await enroll(workspaceId)
  const body = (await (await register(token)).json()) as Record<string, string>
  return { id: body['client_id'] ?? '', token: body['registration_access_token'] ?? '' }
}

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  await server.workspace('closed')
  const make = (more = {}) => server.client({ grants: { docs: ['read'] }, ...more })
  client = await make()
  const [disabled, deleted, revoked] = [await make(), await make(), await make()]
  const suspended = await make({ workspaceId: 'closed' })
  const expired = await make({ secretExpiresAt: server.seconds() })
  const [secret] = await server.store.listSecrets(revoked.id, server.seconds())
  await server.store.revokeSecret(revoked.id, secret?.id ?? '', server.seconds())
  await server.setStatus(disabled.id, 'disabled')
  await server.deleteClient(deleted.id)
  secrets = [client, disabled, deleted, revoked, suspended, expired].map((one) => one.secret)
  logins = {
    credentials_missing: {},
    credentials_ambiguous: { basic: client, form: { client_secret: client.secret } },
    credentials_malformed: { headers: { Authorization: 'Basic !' } },
    credentials_too_long: { basic: { ...client, secret: 'x'.repeat(10_000) } },
    method_unsupported: { headers: { Authorization: `Bearer ${WRONG}` } },
    unknown_client: { basic: { id: UNKNOWN_ID, secret: client.secret } },
    client_deleted: { basic: deleted },
    wrong_secret: { basic: { ...client, secret: WRONG } },
    secret_revoked: { basic: revoked },
    secret_expired: { basic: expired },
    client_disabled: { basic: disabled },
    workspace_suspended: { basic: suspended },
  }
})
beforeEach(() => {
  server.lines.length = 0
  server.events.length = 0
})

const expectNoSecret = (): void => {
  const written = JSON.stringify([server.lines, server.events])
  expect(secrets.filter((secret) => written.includes(secret))).toEqual([])
  expect(written).not.toMatch(/lk[ser]_/)
}

describe('client authentication', () => {
  it('has a case in this file for each reason except a race', () => {
    const reasons = Object.keys(AUTHENTICATION_REASONS).filter((name) => name !== 'state_changed')
    expect(Object.keys(logins).toSorted()).toEqual(reasons.toSorted())
  })

  it.each(FORM_PATHS)('logs each reason and answers alike at %s', async (path) => {
    await server.setWorkspaceStatus('closed', 'suspended')
    const answers = new Map<string, unknown>()
    for (const [reason, { form, ...sent }] of Object.entries(logins)) {
      server.lines.length = 0
      const response = await server.post(path, { ...GOOD_FORMS[path], ...form }, sent)
      const { code } = AUTHENTICATION_REASONS[reason as keyof typeof AUTHENTICATION_REASONS]
      expect(server.lines.at(-1)).toMatchObject({ msg: 'refused', code, reason })
      if (code === 'client_authentication_failed') {
        const line = { msg: 'client authentication failed', reason, address: '192.0.2.1' }
        expect(server.lines).toMatchObject([line, { msg: 'refused' }])
        answers.set(reason, await visible(response))
      }
      expectNoSecret()
    }
    const [first] = answers.values()
    expect(answers.size).toBe(10)
    expect([...answers.values()]).toEqual(Array(answers.size).fill(first))
    await server.setWorkspaceStatus('closed', 'active')
  })

  it('logs method_unsupported for a client assertion', async () => {
    const form = { client_id: client.id, client_assertion: 'x', client_assertion_type: 'y' }
    await server.requestToken(form)
    expect(server.lines.at(-1)).toMatchObject({ reason: 'method_unsupported' })
  })

  it('logs wrong_secret for a disabled client whose secret was not proven', async () => {
    const { basic: disabled } = logins['client_disabled'] ?? {}
    await server.requestToken({}, { basic: { id: disabled?.id ?? '', secret: WRONG } })
    expect(server.lines.at(-1)).toMatchObject({ reason: 'wrong_secret' })
  })

  it('logs the reason of a change between the two reads', async () => {
    const find = server.deps.store.findLogin
    const other = await server.client({ grants: { docs: ['read'] } })
    Object.assign(server.deps.store, {
      findLogin: async (...sent: Parameters<typeof find>) => {
        const login = await find(...sent)
        await server.setStatus(other.id, 'disabled')
        return login
      },
    })
    expect((await server.requestToken({}, { basic: other })).status).toBe(401)
    server.heal()
    expect(server.lines.at(-1)).toMatchObject({ reason: 'client_disabled' })
  })

  it('decides state_changed for a client that may log in by now', () => {
    const secret = { expiresAt: null, revokedAt: null }
    const state = { status: 'active', workspaceStatus: null, hasRegistrationToken: false } as const
    expect(secretRefusal({ ...state, secret }, 0)).toBe('state_changed')
  })

  it('keeps the code as the reason in the audit', async () => {
    await server.requestToken({}, { basic: { ...client, secret: WRONG } })
    expect(server.events).toMatchObject([{ reason: 'client_authentication_failed' }])
  })
})

describe('authentication by registration access token', () => {
  it.each(['GET', 'PUT', 'DELETE'])('logs each reason and answers alike to %s', async (method) => {
    const [active, disabled, deleted] = [await registered(), await registered(), await registered()]
    const suspended = await registered('closed')
    await server.setStatus(disabled.id, 'disabled')
    await server.deleteClient(deleted.id)
    await server.setWorkspaceStatus('closed', 'suspended')
    const cases: Record<string, Registered> = {
      unknown_client: { ...active, id: UNKNOWN_ID },
      client_deleted: deleted,
      wrong_token: { ...active, token: disabled.token },
      client_disabled: disabled,
      workspace_suspended: suspended,
    }
    const reasons = Object.keys(REGISTRATION_REASONS)
    expect([...Object.keys(cases), 'token_missing', 'state_changed'].toSorted()).toEqual(
      reasons.toSorted(),
    )
    const answers = []
    for (const [reason, { id, token }] of Object.entries(cases)) {
      const headers = { Authorization: `Bearer ${token}` }
      const response = await server.request(`/oauth/register/${id}`, { method, headers })
      const { code } = REGISTRATION_REASONS.wrong_token
      expect(server.lines.at(-1)).toMatchObject({ msg: 'refused', code, reason })
      expectNoSecret()
      answers.push(await visible(response))
    }
    expect(answers).toEqual(Array(answers.length).fill(answers[0]))
    await server.request(`/oauth/register/${active.id}`, { method })
    expect(server.lines.at(-1)).toMatchObject({ reason: 'token_missing' })
    await server.setWorkspaceStatus('closed', 'active')
  })
})

it('enrollment token is refused with each reason', async () => {
  const [used, revoked, expired] = [await enroll(), await enroll(), await enroll()]
  const [suspended, orphan] = [await enroll('closed'), await enroll()]
  await server.plugin('off')
  const pluginless = await enroll('default', ['off'])
  await disablePlugin(adminOf(server), 'off')
  await register(used.enrollment_token)
  await revokeEnrollment(adminOf(server), revoked.enrollment_id)
  const { seconds, sql } = server
  const set = (change: string, { enrollment_id: id }: { enrollment_id: string }) =>
    sql(`update enrollments set ${change} where id = '${id}'`)
  set(`expires_at = ${seconds()}`, expired)
  set(`created_by = '${client.id}', created_by_generation = 99`, orphan)
  await server.setWorkspaceStatus('closed', 'suspended')
  const tokens: Record<string, string | undefined> = {
    token_missing: undefined,
    unknown_enrollment: `lke_${'x'.repeat(43)}`,
    enrollment_used: used.enrollment_token,
    enrollment_revoked: revoked.enrollment_token,
    enrollment_expired: expired.enrollment_token,
    workspace_suspended: suspended.enrollment_token,
    maker_changed: orphan.enrollment_token,
    plugin_disabled: pluginless.enrollment_token,
  }
  expect(Object.keys(tokens)).toEqual(Object.keys(ENROLLMENT_REASONS))
  for (const [reason, token] of Object.entries(tokens)) {
    expect((await register(token)).status).toBe(401)
    const { code } = ENROLLMENT_REASONS[reason as keyof typeof ENROLLMENT_REASONS]
    expect(server.lines.at(-1)).toMatchObject({ msg: 'refused', code, reason })
    expectNoSecret()
  }
  await server.setWorkspaceStatus('closed', 'active')
})

it('introspection logs the reason of an inactive token, and answers alike', async () => {
  const { issuer, signer, store } = server.deps
  const typ = 'at+jwt'
  const sign = async (claims: Record<string, unknown>, type = typ) =>
    (await signer.sign(claims, { algorithm: 'RS256', typ: type })).token
  const now = server.seconds()
  const claims = {
    iss: issuer,
    sub: client.id,
    client_id: client.id,
    client_gen: 1,
    aud: 'docs',
    scope: 'read',
    iat: now,
    exp: now + 60,
    jti: 'j1',
  }
  const other = await server.client({ grants: { docs: ['read'] } })
  const own = await server.issue(client)
  await server.revoke(client, own)
  const tokens: Record<string, string> = {
    token_too_long: 'x'.repeat(9_000),
    token_malformed: 'no-jwt-at-all',
    token_untrusted: 'e30.e30.e30',
    token_type_unexpected: await sign(claims, 'JWT'),
    claims_malformed: await sign({ ...claims, aud: ['docs'] }),
    issuer_mismatch: await sign({ ...claims, iss: 'https://other.example' }),
    token_expired: await sign({ ...claims, exp: now }),
    token_issued_in_future: await sign({ ...claims, iat: now + 3_600, exp: now + 7_200 }),
    token_revoked: own,
    token_not_visible: await server.issue(other),
  }
  expect(Object.keys(tokens)).toEqual(Object.keys(INACTIVE_REASONS))
  expect(await store.findClient(client.id)).not.toBeNull()
  for (const [reason, token] of Object.entries(tokens)) {
    server.lines.length = 0
    expect(await server.introspect(client, token)).toEqual({ active: false })
    expect(server.lines).toMatchObject([
      { level: 30, msg: 'token is inactive', clientId: client.id, reason },
    ])
    expect(JSON.stringify(server.lines)).not.toContain(token)
  }
})

it('every field of a refusal is documented', async () => {
  const form = { audience: 'docs', resource: 'urn:docs', scope: 'read', plugin_id: 'x' }
  const headers = { Authorization: basic({ ...client, secret: WRONG }) }
  await server.requestToken(form, { headers })
  const fields = new Set(server.lines.flatMap((line) => Object.keys(line)))
  const always = ['level', 'time', 'msg']
  expect([...fields].filter((name) => !always.includes(name)).toSorted()).toEqual(
    Object.keys(LOG_FIELDS).toSorted(),
  )
})
