// Token of an administrator: where it is read, and how revoked keys affect it.
import { describe, expect, it } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { expectChallenge, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { decode } from '../support/jwt.ts'
import { FORM_TYPE } from '../support/server.ts'

const api = await startAdminApi()
const { server, callers } = api

describe('administrator token', () => {
  const places: readonly [string, (token: string) => RequestInit & { path: string }][] = [
    ['sent in the query', (token) => ({ path: `/clients?access_token=${token}` })],
    [
      'sent in a form',
      (token) => ({
        path: '/clients',
        method: 'POST',
        body: new URLSearchParams({ access_token: token }).toString(),
        headers: { 'Content-Type': FORM_TYPE },
      }),
    ],
    [
      'sent in a JSON body',
      (token) => ({ path: '/clients', method: 'POST', body: `{"access_token":"${token}"}` }),
    ],
    ['sent in a cookie', (token) => ({ path: '/clients', headers: { Cookie: `token=${token}` } })],
    [
      'sent with another scheme',
      (token) => ({ path: '/clients', headers: { Authorization: `Basic ${token}` } }),
    ],
    ['sent without a scheme', (token) => ({ path: '/clients', headers: { Authorization: token } })],
  ]
  it.each(places)('is ignored when it is %s', async (_, requestFor) => {
    const { path, ...init } = requestFor(await api.tokenOf(callers.unbound))
    const answer = await api.send(path, init)
    expectProblem(answer, 401, 'token_missing')
    expectChallenge(answer, 'token_missing')
  })

  it('is required before the API tells which addresses exist', async () => {
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['PUT', '/clients'],
      ['OPTIONS', '/clients'],
      ['GET', ''],
    ] as const) {
      expectProblem(await api.callWith(null, method, path), 401, 'token_missing')
    }
  })
})

describe('revocation of keys', () => {
  it('ends tokens of the key, and a new token is valid at once', async () => {
    const token = await api.tokenOf(callers.unbound)
    const { header } = decode(token)
    expect((await api.callWith(token, 'GET', '/clients')).status).toBe(200)
    const done = await api.callWith(token, 'POST', `/keys/${String(header['kid'])}/revoke`)
    expect(done.status).toBe(200)
    expectProblem(await api.callWith(token, 'GET', '/clients'), 401, 'token_untrusted')
    expect((await api.call(callers.unbound, 'GET', '/clients')).status).toBe(200)
  })

  it('ends tokens of all keys, and a new token is valid at once', async () => {
    const token = await api.tokenOf(callers.unbound)
    expect((await api.callWith(token, 'POST', '/keys/revoke-all')).status).toBe(200)
    expectProblem(await api.callWith(token, 'POST', '/keys/revoke-all'), 401, 'token_untrusted')
    expect((await api.call(callers.unbound, 'GET', '/clients')).status).toBe(200)
  })

  it.each([
    ['listKeys', 'store_unavailable'],
    ['findRevocation', 'revocations_stale'],
    ['findGrantedClient', 'store_unavailable'],
  ] as const)(
    'cannot be checked when %s fails, and the answer is 503 without a challenge',
    async (verb, code) => {
      const token = await api.tokenOf(callers.unbound)
      server.fail(verb, new Unavailable('SQLITE_IOERR'))
      const answer = await api.callWith(token, 'GET', '/clients')
      server.heal()
      expectProblem(answer, 503, code)
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]/)
      expect(answer.headers.get('www-authenticate')).toBeNull()
    },
  )
})
