// Reasons of refused tokens at the admin API: the log line names the failed check.
import { expect, it } from 'vitest'
import { startAdminApi } from '../support/admin-api.ts'

const { server, callWith, tokenOf, callers } = await startAdminApi()

const lineOf = async (token: string, method = 'GET', path = '/clients') => {
  server.lines.length = 0
  const { status } = await callWith(token, method, path)
  return { status, line: server.lines.at(-1) }
}

const signed = async (claims: Record<string, unknown>, typ = 'at+jwt') => {
  const now = server.seconds()
  const { client } = callers.unbound
  const all = {
    iss: server.deps.issuer,
    sub: client.id,
    client_id: client.id,
    client_gen: 1,
    aud: 'latchkey',
    scope: 'admin:read',
    iat: now,
    exp: now + 60,
    jti: 'j1',
    ...claims,
  }
  return (await server.deps.signer.sign(all, { algorithm: 'RS256', typ })).token
}

const now = server.seconds()
const unknownKid = Buffer.from('{"alg":"RS256","typ":"at+jwt","kid":"other"}').toString('base64url')

it.each<[reason: string, code: string, token: () => Promise<string>]>([
  ['not_a_jws', 'token_malformed', async () => 'no-jwt'],
  ['claim_malformed', 'token_malformed', () => signed({ scope: 7 })],
  ['audience_mismatch', 'token_untrusted', () => tokenOf(callers.stranger)],
  ['type_unexpected', 'token_untrusted', () => signed({}, 'JWT')],
  ['issuer_mismatch', 'token_untrusted', () => signed({ iss: 'https://other.example' })],
  ['key_unknown', 'token_untrusted', async () => `${unknownKid}.e30.AAAA`],
  ['revoked_by_source', 'token_revoked', () => signed({ client_gen: 0 })],
  ['expired', 'token_expired', () => signed({ iat: now - 120, exp: now - 60 })],
  ['issued_in_future', 'token_not_yet_valid', () => signed({ iat: now + 600, exp: now + 900 })],
])('the line of a token that is refused for %s has it beside %s', async (reason, code, token) => {
  const sent = await token()
  const { status, line } = await lineOf(sent)
  expect(status).toBe(401)
  expect(line).toMatchObject({ msg: 'refused', code, reason })
  expect(JSON.stringify(server.lines)).not.toContain(sent)
})

it('a missing permission has its reason, and names the client', async () => {
  const { status, line } = await lineOf(await tokenOf(callers.readOnly), 'POST')
  expect(status).toBe(403)
  expect(line).toMatchObject({ reason: 'permission_missing', clientId: callers.unbound.client.id })
})

it('a client that is disabled while its token is checked has its own reason', async () => {
  const token = await tokenOf(callers.other)
  const find = server.store.findGrantedClient
  Object.assign(server.deps.store, {
    findGrantedClient: async (id: string) => {
      const client = await find(id)
      return client && { ...client, status: 'disabled' }
    },
  })
  const { line } = await lineOf(token)
  server.heal()
  const clientId = callers.other.client.id
  expect(line).toMatchObject({ code: 'token_revoked', reason: 'client_disabled', clientId })
})

it('a refused value has no reason: its detail names the field', async () => {
  const { line } = await lineOf(await tokenOf(callers.unbound), 'GET', '/clients?limit=x')
  expect(line).toMatchObject({ msg: 'refused', code: 'invalid_value' })
  expect(line).not.toHaveProperty('reason')
})
