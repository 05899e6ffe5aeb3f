// Runs: a client closes a run that its details cover, and a closed run gets no tokens.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import type { AuthorizationDetail } from '../../src/store/store.ts'
import { INVALID_CLIENT, type Refusal, expectPrivate, expectRefusal } from '../support/answers.ts'
import { decode } from '../support/jwt.ts'
import type { ClientCredentials } from '../support/records.ts'
import { ADDRESS, type TestServer, startServer } from '../support/server.ts'

const refusal = (code: string): Refusal => [400, 'invalid_authorization_details', code]
const CLOSED = refusal('run_closed')
const NOT_GRANTED = refusal('details_not_granted')

const run = (identifier: string): AuthorizationDetail => ({
  type: 'tool_run',
  identifier,
  project_id: 'p1',
  locations: ['/v1/issues'],
  actions: '*',
})
const PLAYLIST: AuthorizationDetail = {
  type: 'playlist',
  identifier: 'evening',
  actions: '*',
  parts: '*',
}

let server: TestServer
/** `client` may request any run; so may `same`, in its workspace, and `foreign`, in another one. */
let client: ClientCredentials
let same: ClientCredentials
let foreign: ClientCredentials

const holding = (details: AuthorizationDetail[], workspaceId: string | null = 'default') =>
  server.client({
    workspaceId,
    details,
    grants: { docs: ['read'], ...(workspaceId === null && { latchkey: ['admin:read'] }) },
  })

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  await server.workspace('acme')
  const evening = { type: 'playlist', id: 'evening', workspaceId: 'default', parts: [] }
  await server.store.createResource(evening, server.seconds())
  client = await holding([run('*'), PLAYLIST])
  same = await holding([run('*')])
  foreign = await holding([run('*')], 'acme')
})

let runs = 0
/** Name of a run that no other test uses. */
let id: string
beforeEach(() => {
  server.events.length = 0
  id = `run-${++runs}`
})

const asking = (...identifiers: string[]) => ({
  audience: 'docs',
  authorization_details: JSON.stringify(
    identifiers.map((identifier) => ({ type: 'tool_run', identifier })),
  ),
})
const request = (by: ClientCredentials, ...identifiers: string[]) =>
  server.requestToken(asking(...identifiers), { basic: by })
const issue = (by: ClientCredentials, ...identifiers: string[]) =>
  server.issue(by, asking(...identifiers))
const close = (by: ClientCredentials, identifier: string) =>
  server.post('/oauth/runs/revoke', { identifier }, { basic: by })

/** Closes the run and returns how many live tokens the answer counts. */
const matched = async (by: ClientCredentials, identifier: string): Promise<unknown> => {
  const response = await close(by, identifier)
  expect(response.status).toBe(200)
  expectPrivate(response)
  const body = (await response.json()) as Record<string, unknown>
  expect(body).toEqual({ identifier, matched: body['matched'] })
  return body['matched']
}

const isActive = async (by: ClientCredentials, token: string): Promise<unknown> =>
  (await server.introspect(by, token))['active']

describe('closed run', () => {
  test('loses its tokens of all clients and gets no more', async () => {
    const mine = await issue(client, id)
    const theirs = await issue(same, id)
    expect(await matched(client, id)).toBe(2)
    expect([await isActive(client, mine), await isActive(same, theirs)]).toEqual([false, false])
    for (const by of [client, same]) await expectRefusal(await request(by, id), CLOSED)
  })

  test('leaves other runs, other workspaces and tokens without a run untouched', async () => {
    const another = await issue(client, `${id}0`)
    const elsewhere = await issue(foreign, id)
    const plain = await server.issue(client, { audience: 'docs' })
    expect(await matched(client, id)).toBe(0)
    expect(await isActive(client, another)).toBe(true)
    expect(await isActive(client, plain)).toBe(true)
    expect(await isActive(foreign, elsewhere)).toBe(true)
    expect((await request(foreign, id)).status).toBe(200)
    expect((await request(client, `${id}0`)).status).toBe(200)
  })

  test('revokes a token that names another run too, and such a request is refused', async () => {
    const both = await issue(client, `${id}0`, id)
    expect(await matched(client, id)).toBe(1)
    expect(await isActive(client, both)).toBe(false)
    await expectRefusal(await request(client, `${id}0`, id), CLOSED)
  })

  test('stays closed after its rule is pruned', async () => {
    await close(client, id)
    server.advance(10 * 24 * 60 * 60)
    await server.store.pruneRevocations(server.seconds())
    expect(server.query(`select count(*) as n from revocations where kind = 'run'`)).toEqual([
      { n: 0 },
    ])
    await expectRefusal(await request(client, id), CLOSED)
  })

  test('revokes a token that was being signed while it closed', async () => {
    const { isRunClosed } = server.deps.store
    server.deps.store.isRunClosed = async (values) => {
      const closed = await isRunClosed(values)
      server.deps.store.isRunClosed = isRunClosed
      await close(same, id)
      return closed
    }
    const token = await issue(client, id)
    expect(await isActive(client, token)).toBe(false)
  })

  test('is audited once, and repetitions are counted', async () => {
    const event = {
      action: 'run.revoke',
      actor: `client:${client.id}`,
      address: ADDRESS,
      requestId: expect.any(String) as unknown,
      outcome: 'success',
    }
    await close(client, id)
    expect(server.events).toEqual([{ ...event, target: `default#${id}` }])
    const rows = () => server.query('select count(*) as n from audit_events')
    const before = rows()
    const state = server.state()
    for (let i = 0; i < 3; i++) expect(await matched(client, id)).toBe(0)
    expect(rows()).toEqual(before)
    expect(server.state()).toBe(state)
    expect(server.events[1]).toEqual({ ...event, target: null, reason: 'run_closed' })
  })

  test('is not reported as closed when the store fails', async () => {
    server.fail('closeRun', new Unavailable('SQLITE_FULL'))
    expect((await close(client, id)).status).toBe(503)
    server.heal()
    expect((await request(client, id)).status).toBe(200)
    expect(server.events).toMatchObject([{ outcome: 'failed', reason: 'store_unavailable' }])
  })

  test('cannot be ruled out when the store fails: tokens for runs are refused, others are issued', async () => {
    server.fail('isRunClosed', new Unavailable('SQLITE_IOERR'))
    expect((await request(client, id)).status).toBe(503)
    expect((await server.requestToken({ audience: 'docs' }, { basic: client })).status).toBe(200)
    server.heal()
  })
})

describe('run closing', () => {
  const granted: [title: string, details: AuthorizationDetail[], id: string, refused: boolean][] = [
    ['the run itself, which is accepted', [run('run-a')], 'run-a', false],
    ['any run, which is accepted', [PLAYLIST, run('*')], 'run-b', false],
    ['another run', [run('run-c')], 'run-d', true],
    ['a run whose id begins alike', [run('run-e')], 'run-e2', true],
    ['another type with this id', [PLAYLIST], 'evening', true],
    ['no details', [], 'run-f', true],
    ['any run, for the identifier "*"', [run('*')], '*', true],
    ['any run, for an invalid id', [run('*')], 'run g', true],
    ['any run, for an id that is too long', [run('*')], 'a'.repeat(129), true],
  ]
  test.each(granted)(
    'depends on the grant of the client: %s, case %#',
    async (_, details, asked, refused) => {
      const holder = await holding(details)
      const before = server.state()
      if (!refused) return void (await matched(holder, asked))
      await expectRefusal(await close(holder, asked), NOT_GRANTED)
      expect(server.state()).toBe(before)
      const event = { target: null, outcome: 'refused', reason: 'details_not_granted' }
      expect(server.events).toMatchObject([event])
      expect(JSON.stringify(server.events)).not.toContain(asked)
    },
  )

  test.each(['', 'identifier=', 'run=x'])(
    'is refused with identifier_missing for the form %j',
    async (form) => {
      const response = await server.post('/oauth/runs/revoke', form, { basic: client })
      await expectRefusal(response, [400, 'invalid_request', 'identifier_missing'])
    },
  )

  test('is refused and changes nothing without authentication, with a query or with GET', async () => {
    const before = server.state()
    await expectRefusal(await server.post('/oauth/runs/revoke', { identifier: id }), INVALID_CLIENT)
    const query = await server.post(`/oauth/runs/revoke?identifier=${id}`, {}, { basic: client })
    await expectRefusal(query, [400, 'invalid_request', 'parameter_in_query'])
    const get = await server.request('/oauth/runs/revoke')
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect(server.state()).toBe(before)
  })

  test('covers every run that a token can name: other names are refused at issuance', async () => {
    for (const name of ['run 7', 'é', '-run', 'a'.repeat(129)]) {
      await expectRefusal(await request(client, name), refusal('run_malformed'))
    }
  })
})

describe('ledger', () => {
  const listed = async (filter: object) =>
    (await server.deps.ledger?.list(filter, server.seconds())) ?? []

  test('lists the tokens of a run without their text', async () => {
    const token = await issue(client, id)
    const { claims } = decode(token)
    const [row] = await listed({ run: id })
    expect(row).toEqual({
      seq: expect.any(Number) as unknown,
      jti: claims.jti,
      clientId: client.id,
      workspaceId: 'default',
      audience: 'docs',
      runs: [id],
      issuedAt: claims.iat,
      expiresAt: claims.exp,
    })
    expect(JSON.stringify(row)).not.toContain(token.split('.')[2])
  })

  test('lists other tokens only for a client with ledger: true', async () => {
    const kept = await server.client({ grants: { docs: ['read'] }, ledger: true })
    const other = await server.client({ grants: { docs: ['read'] } })
    const token = await server.issue(kept)
    await server.issue(other)
    expect(await listed({ clientId: other.id })).toEqual([])
    expect(await listed({ clientId: kept.id })).toMatchObject([
      { jti: decode(token).claims.jti, runs: [] },
    ])
  })

  test('counts unexpired tokens', async () => {
    await issue(client, id)
    server.advance(600)
    await issue(client, id)
    expect(await matched(client, id)).toBe(2)
    server.advance(300)
    expect(await matched(client, id)).toBe(1)
    server.advance(600)
    expect(await matched(client, id)).toBe(0)
  })

  test('prunes expired tokens and keeps live ones', async () => {
    await issue(client, id)
    server.advance(600)
    await issue(client, id, `${id}0`)
    const { ledger } = server.deps
    await ledger?.flush()
    await ledger?.prune(server.seconds() + 300)
    expect(await ledger?.count({ run: id }, 0)).toBe(1)
    await ledger?.prune(server.seconds() + 900)
    expect(await ledger?.count({}, 0)).toBe(0)
  })

  test('may be absent or failing: runs are closed without a count', async () => {
    const { ledger } = server.deps
    const failing = { ...ledger, count: () => Promise.reject(new Unavailable('SQLITE_CORRUPT')) }
    for (const [i, none] of [null, failing].entries()) {
      const own = await startServer({ ledger: none as typeof ledger })
      await own.audience('docs', ['read'])
      const holder = await own.client({ grants: { docs: ['read'] }, details: [run('*')] })
      const token = await own.issue(holder, asking(`${id}-${i}`))
      const form = { identifier: `${id}-${i}` }
      const response = await own.post('/oauth/runs/revoke', form, { basic: holder })
      expect(await response.json()).toEqual({ ...form, matched: null })
      expect(await own.introspect(holder, token)).toEqual({ active: false })
    }
  })
})
