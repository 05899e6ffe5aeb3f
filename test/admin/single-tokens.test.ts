// Single tokens: revoked by their id alone, inspected, and shown; and the rules that revoke them.
import { describe, expect, it } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { comparable, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { decode } from '../support/jwt.ts'
import { startServer } from '../support/server.ts'

const api = await startAdminApi()
const { server, callers } = api
const { bound, other, unbound } = callers
const CALLER = `client:${unbound.client.id}`
/** The longest lifetime of a token, and the widest clock tolerance. */
const LONGEST_SECONDS = 86_460
const NO_TOKEN = 'AAAAAAAAAAAAAAAAAAAAAA'

const issued = async (options: Parameters<typeof server.client>[0] = {}) => {
  const client = await server.client({
    workspaceId: 'acme',
    name: 'daemon',
    grants: { docs: ['read'] },
    ledger: true,
    ...options,
  })
  const token = await server.issue(client, { audience: 'docs' })
  const { claims } = decode(token)
  return { client, token, jti: String(claims['jti']), claims }
}

const revoke = (who: typeof unbound, body: unknown) => api.call(who, 'POST', '/revocations', body)
const inspect = (who: typeof unbound, token: string) =>
  api.call(who, 'POST', '/tokens/inspect', { token })
const newestRule = async () => {
  const { seq } = await server.store.findRevocationHead()
  return await server.store.findRule(seq)
}

describe('revocation by jti', () => {
  it('revokes a token of the ledger until it expires', async () => {
    const { client, token, jti, claims } = await issued()
    const { status, body, headers } = await revoke(unbound, { jti })
    expect([status, body]).toEqual([201, { jti, client_id: client.id, known: true, revoked: true }])
    expect(headers.get('location')).toBe(`/admin/v1/revocations?kind=jti&client_id=${client.id}`)
    expect(await newestRule()).toMatchObject({ value: jti, expiresAt: claims['exp'] })
    expect((await inspect(unbound, token)).body).toMatchObject({ active: false })
    expect(server.events.at(-1)).toMatchObject({ action: 'token.revoke', target: jti })
  })

  it('revokes a token that the ledger does not have, for as long as the longest token', async () => {
    const { token, jti } = await issued({ ledger: false })
    const { status, body, headers } = await revoke(unbound, { jti })
    expect([status, body]).toEqual([201, { jti, client_id: null, known: false, revoked: true }])
    expect(headers.get('location')).toBe('/admin/v1/revocations?kind=jti')
    const expiresAt = server.seconds() + LONGEST_SECONDS
    expect(await newestRule()).toMatchObject({ value: jti, clientId: null, expiresAt })
    expect((await inspect(unbound, token)).body).toMatchObject({ active: false })
  })

  it('fails closed when the ledger cannot be read', async () => {
    const { jti } = await issued()
    const { ledger } = server.deps
    const broken = { ...ledger, list: () => Promise.reject(new Unavailable('SQLITE_CORRUPT')) }
    server.deps.ledger = broken as typeof ledger
    try {
      expect((await revoke(unbound, { jti })).body).toMatchObject({ known: false, revoked: true })
      const text = 'the ledger could not be read'
      expect(server.lines.map(({ msg }) => msg)).toContain(text)
      expectProblem(await revoke(bound, { jti }), 503, 'store_unavailable')
    } finally {
      server.deps.ledger = ledger
    }
  })

  it('revokes no token of another workspace for a bound administrator', async () => {
    const { jti } = await issued()
    const unknown = (await issued({ ledger: false })).jti
    const answers = []
    for (const sent of [jti, unknown, NO_TOKEN]) {
      const answer = await api.unchangedBy(() => revoke(other, { jti: sent }))
      expectProblem(answer, 404, 'not_found')
      answers.push(comparable(answer, sent))
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expectProblem(await api.unchangedBy(() => revoke(bound, { jti: unknown })), 404, 'not_found')
    expect((await revoke(bound, { jti })).body).toMatchObject({ known: true, revoked: true })
  })

  it.each([{}, { token: 'a', jti: NO_TOKEN }, { jti: 'short' }, { jti: `${NO_TOKEN}x` }])(
    'refuses %j',
    async (body) => {
      expectProblem(await api.unchangedBy(() => revoke(unbound, body)), 422, 'invalid_value')
    },
  )

  it('works without a ledger, and refuses bound administrators then', async () => {
    const { ledger } = server.deps
    const { jti } = await issued()
    server.deps.ledger = null
    try {
      expect((await revoke(unbound, { jti })).body).toMatchObject({ known: false })
      expectProblem(await revoke(bound, { jti }), 409, 'no_ledger')
      expectProblem(await api.call(unbound, 'GET', `/tokens/${jti}`), 409, 'no_ledger')
    } finally {
      server.deps.ledger = ledger
    }
  })
})

describe('inspection', () => {
  it('shows the claims of an active token', async () => {
    const { token, claims } = await issued()
    const { status, body } = await inspect(unbound, token)
    expect([status, body]).toEqual([
      200,
      { active: true, reason: null, means: null, rule: null, claims },
    ])
  })

  it('names the rule that revokes a token, and the change that wrote it', async () => {
    const { client, token, claims } = await issued()
    const done = await api.call(unbound, 'POST', `/clients/${client.id}/disable`)
    const rule = await newestRule()
    expect((await inspect(unbound, token)).body).toEqual({
      active: false,
      reason: 'token_revoked',
      means: 'A rule of the revocation list matches it.',
      rule: {
        kind: 'client',
        seq: rule?.seq,
        created_at: '2026-01-01T00:00:00Z',
        created_by: CALLER,
        action: 'client.disable',
        request_id: done.headers.get('x-request-id'),
      },
      claims,
    })
  })

  it('tells an expired token from a forged one', async () => {
    const { token, claims } = await issued()
    const { header } = decode(token)
    const [, payload = ''] = token.split('.')
    const expired = await server.deps.signer.sign(
      { ...claims, exp: server.seconds() },
      { algorithm: 'RS256', typ: 'at+jwt' },
    )
    const forge = (changes: object) =>
      `${Buffer.from(JSON.stringify({ ...header, ...changes })).toString('base64url')}.${payload}.${'A'.repeat(342)}`
    const judged = [
      [expired.token, 'token_expired', { ...claims, exp: server.seconds() }],
      [forge({}), 'signature_invalid', null],
      [forge({ kid: 'none' }), 'key_unknown', null],
      [forge({ kid: 7 }), 'key_unknown', null],
      [forge({ kid: undefined }), 'key_unknown', null],
    ] as const
    for (const [sent, reason, shown] of judged) {
      const { body } = await inspect(unbound, sent)
      expect(body).toMatchObject({ active: false, reason, rule: null, claims: shown })
      expect(body['means']).toMatch(/^[A-Z].{10,}\.$/)
    }
  })

  it('names the rule over a revoked key', async () => {
    const elsewhere = await startAdminApi()
    const token = await elsewhere.tokenOf(elsewhere.callers.stranger)
    const kid = String(decode(token).header['kid'])
    await elsewhere.call(elsewhere.callers.unbound, 'POST', `/keys/${kid}/revoke`, {})
    const { body } = await elsewhere.call(elsewhere.callers.unbound, 'POST', '/tokens/inspect', {
      token,
    })
    expect(body).toMatchObject({
      reason: 'key_revoked',
      rule: { kind: 'key', action: 'key.revoke', seq: expect.any(Number) as number },
      claims: null,
    })
  })

  it('names the kind alone where the rule is gone', async () => {
    const elsewhere = await startServer()
    const client = await elsewhere.client({
      workspaceId: null,
      grants: { latchkey: ['admin:read'] },
    })
    const token = await elsewhere.issue(client, { audience: 'latchkey' })
    const victim = await elsewhere.client({ grants: { hook: ['hook:track'] }, plugins: ['p'] })
    const inspected = await elsewhere.issue(victim, { audience: 'hook' })
    await elsewhere.store.revokeClientTokens(victim.id, elsewhere.seconds())
    elsewhere.sql('delete from revocations')
    const answer = await elsewhere.request('/admin/v1/tokens/inspect', {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: inspected }),
    })
    const gone = { seq: null, created_at: null, created_by: null, action: null, request_id: null }
    expect(await answer.json()).toMatchObject({
      reason: 'token_revoked',
      rule: { ...gone, kind: 'client' },
    })
  })

  it('shows a bound administrator the tokens of its workspace, and no cause outside of it', async () => {
    const { token, client } = await issued({ plugins: ['p-acme'] })
    const texts = [token, await api.tokenOf(unbound), `${token.slice(0, -4)}AAAA`]
    const answers = []
    for (const sent of texts) {
      const answer = await inspect(other, sent)
      expectProblem(answer, 404, 'not_found')
      answers.push(JSON.stringify(comparable(answer, 'ID')))
    }
    expect(new Set(answers).size).toBe(1)
    expect((await inspect(bound, token)).body).toMatchObject({ active: true })
    await api.call(unbound, 'POST', '/plugins/p-acme/revoke-tokens', {})
    const hidden = { seq: null, created_at: null, created_by: null, action: null, request_id: null }
    expect((await inspect(bound, token)).body).toMatchObject({
      rule: { ...hidden, kind: 'plugin' },
    })
    const second = await server.issue(client, { audience: 'docs' })
    await api.call(unbound, 'POST', `/clients/${client.id}/revoke-tokens`, {})
    expect((await inspect(bound, second)).body).toMatchObject({
      rule: { kind: 'client', created_by: CALLER },
    })
  })

  it.each(['', 'a.b', 'x.y.z', 'a'.repeat(9_000)])(
    'refuses a text that is no token',
    async (text) => {
      const { status, body } = await inspect(unbound, text)
      expect([status, body['code']]).toEqual([422, 'invalid_value'])
    },
  )

  it('changes nothing, and writes no event', async () => {
    const { token } = await issued()
    server.events.length = 0
    await api.unchangedBy(() => inspect(callers.readOnly, token))
    expect(server.events).toEqual([])
  })
})

describe('addresses of one row', () => {
  const get = (who: typeof unbound, path: string) => api.call(who, 'GET', path)

  it('show a token of the ledger', async () => {
    const { jti, client } = await issued()
    const [listed] = await api.readAll(unbound, `/tokens?client_id=${client.id}`)
    expect((await get(unbound, `/tokens/${jti}`)).body).toEqual(listed)
    expect((await get(bound, `/tokens/${jti}`)).body).toEqual(listed)
    expectProblem(await get(other, `/tokens/${jti}`), 404, 'not_found')
    expectProblem(await get(unbound, `/tokens/${NO_TOKEN}`), 404, 'not_found')
  })

  it('show no token from the second on in which the list lacks it', async () => {
    const { jti, client } = await issued()
    const [listed] = await api.readAll(unbound, `/tokens?client_id=${client.id}`)
    const left = Date.parse(String(listed?.['expires_at'])) / 1000 - server.seconds()
    server.advance(left - 1)
    expect((await get(unbound, `/tokens/${jti}`)).status).toBe(200)
    server.advance(1)
    expect(await api.readAll(unbound, `/tokens?client_id=${client.id}`)).toEqual([])
    expectProblem(await get(unbound, `/tokens/${jti}`), 404, 'not_found')
  })

  it('show a closed run, that of the administrator first', async () => {
    const at = server.seconds()
    await server.store.closeRun({ workspaceId: 'acme', identifier: 'run/1' }, at)
    await server.store.closeRun({ workspaceId: null, identifier: 'run/1' }, at)
    const of = async (who: typeof unbound, query = '') =>
      (await get(who, `/runs/run%2F1${query}`)).body['workspace_id']
    expect(await of(bound)).toBe('acme')
    expect(await of(unbound)).toBeNull()
    expect(await of(unbound, '?workspace_id=acme')).toBe('acme')
    await server.store.closeRun({ workspaceId: 'default', identifier: 'run/1' }, at)
    expect(await of(unbound)).toBe('default')
    for (const query of ['', '?workspace_id=acme']) {
      expectProblem(await get(other, `/runs/run%2F1${query}`), 404, 'not_found')
    }
    expectProblem(await get(unbound, '/runs/run%2F2'), 404, 'not_found')
  })

  it('show a rule as the list has it', async () => {
    const { client } = await issued()
    await api.call(unbound, 'POST', `/clients/${client.id}/revoke-tokens`, {})
    const rule = (await api.readAll(unbound, `/revocations?client_id=${client.id}`)).at(-1)
    expect(rule).toMatchObject({ name: 'daemon', workspace_id: 'acme', created_by: CALLER })
    const path = `/revocations/${String(rule?.['seq'])}`
    expect((await get(unbound, path)).body).toEqual(rule)
    expect((await get(bound, path)).body).toEqual(rule)
    expectProblem(await get(other, path), 404, 'not_found')
  })

  it('show an event as the list has it', async () => {
    const [event] = await api.readAll(bound, '/audit')
    const path = `/audit/${String(event?.['seq'])}`
    expect((await get(unbound, path)).body).toEqual(event)
    expect((await get(bound, path)).body).toEqual(event)
    expectProblem(await get(other, path), 404, 'not_found')
  })

  it.each(['0', '999999', '-1', '1e3', '01x', '9'.repeat(30), '%20'])(
    'do not exist for the number %j',
    async (seq) => {
      expectProblem(await get(unbound, `/revocations/${seq}`), 404, 'not_found')
      expectProblem(await get(unbound, `/audit/${seq}`), 404, 'not_found')
    },
  )
})
