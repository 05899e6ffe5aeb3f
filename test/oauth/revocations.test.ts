// Revocation list as it is sent: its form, its cursors, shared signatures, and how long a request
// is held.
import {
  type JWTPayload,
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
} from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  PRUNE_GRACE_SECONDS,
  REVOCATION_PAGE_ENTRIES,
  RULE_RETENTION_SECONDS,
} from '../../src/constants.ts'
import { Unavailable } from '../../src/errors.ts'
import { workspaceRuleValue } from '../../src/grants/taking-away.ts'
import { live } from '../support/clock.ts'
import { testKey } from '../support/keys.ts'
import {
  ADDRESS,
  ISSUER,
  START_SECONDS,
  type TestServer,
  basic,
  encodeForm,
  startServer,
} from '../support/server.ts'

const LIST = '/oauth/revocations'

type Entry = { seq: number; kind: string; value: string; gen?: number; exp: number | null }
type Page = JWTPayload & {
  epoch: string
  cursor: string
  full: boolean
  more: boolean
  entries: Entry[]
}

let server: TestServer
beforeEach(async () => {
  server = await startServer()
})

const query = (parameters: Record<string, string>): string =>
  `${LIST}?${new URLSearchParams(parameters).toString()}`

const textOf = async (response: Response): Promise<string> => {
  expect(response.status).toBe(200)
  return await response.text()
}

const fetchText = async (parameters: Record<string, string> = {}): Promise<string> =>
  await textOf(await server.request(query(parameters)))

const fetchPage = async (parameters: Record<string, string> = {}): Promise<Page> =>
  decodeJwt<Page>(await fetchText(parameters))

const revoke = (jti: string, exp = server.seconds() + 900): Promise<void> =>
  server.store.revokeToken({ jti, clientId: 'lkc_1', clientGen: 1, exp }, server.seconds())

/** Real time, so that a request has begun to wait. */
const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('revocation list', () => {
  test('is a signed JWT with its own type, issuer and audience', async () => {
    const response = await server.request(LIST)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/jwt',
      'cache-control': 'public, max-age=1',
      'access-control-allow-origin': '*',
    })
    const text = await textOf(response)
    const { kid } = await testKey('RS256', 1)
    expect(decodeProtectedHeader(text)).toEqual({ alg: 'RS256', typ: 'revocations+jwt', kid })
    const jwks = await (await server.request('/.well-known/jwks.json')).json()
    await compactVerify(text, createLocalJWKSet(jwks as Parameters<typeof createLocalJWKSet>[0]))
    const url = `${ISSUER}${LIST}`
    expect(decodeJwt(text)).toEqual({
      iss: url,
      aud: url,
      iat: START_SECONDS,
      exp: START_SECONDS + 120,
      epoch: expect.stringMatching(/^[\w-]{16,}$/) as unknown,
      cursor: expect.stringMatching(/^[\w-]{16,}\.0{16}$/) as unknown,
      full: true,
      more: false,
      entries: [],
    })
  })

  test('has every kind of rule by its number, and names no workspace', async () => {
    await server.plugin('acme')
    const { id } = await server.client({ plugins: ['acme'] })
    await server.workspace('tenant-of-ours')
    await revoke('the-jti')
    await server.store.revokeClientTokens(id, server.seconds())
    await server.store.revokePluginTokens('acme', server.seconds())
    const workspace = await server.store.findWorkspace('tenant-of-ours')
    if (workspace === null) throw new Error('no workspace')
    await server.store.updateWorkspace(workspace, { status: 'suspended' }, server.seconds())
    const { kid } = await testKey('RS256', 2)
    await server.store.revokeKeys([kid], [await testKey('RS256', 3)], server.seconds())
    const exp = START_SECONDS + RULE_RETENTION_SECONDS
    expect((await fetchPage()).entries).toEqual([
      { seq: 1, kind: 'jti', value: 'the-jti', exp: START_SECONDS + 900 },
      { seq: 2, kind: 'client', value: id, gen: 2, exp },
      { seq: 3, kind: 'plugin', value: 'acme', gen: 2, exp },
      { seq: 4, kind: 'workspace', value: workspaceRuleValue(workspace.ref), gen: 2, exp },
      { seq: 5, kind: 'key', value: kid, exp: null },
    ])
    expect(JSON.stringify(await fetchPage())).not.toContain('tenant-of-ours')
  })

  test('keeps the highest generation of a kind and value, with a new number', async () => {
    const { id } = await server.client()
    await server.store.revokeClientTokens(id, server.seconds())
    const { cursor } = await fetchPage()
    await server.store.revokeClientTokens(id, server.seconds())
    const after = await fetchPage({ after: cursor })
    expect(after.entries).toMatchObject([{ seq: 2, kind: 'client', value: id, gen: 3 }])
    expect((await fetchPage()).entries).toEqual(after.entries)
  })

  test('keeps a rule until its token is refused everywhere', async () => {
    await revoke('short', START_SECONDS + 60)
    server.advance(60 + 59)
    expect((await fetchPage()).entries).toHaveLength(1)
    server.advance(5) // the signature is shared until then
    expect((await fetchPage()).entries).toHaveLength(1) // this clock is not confirmed yet
    await live(server.store, server.seconds())
    server.advance(5)
    expect((await fetchPage()).entries).toEqual([])
  })

  test('answers HEAD without a body and refuses POST', async () => {
    const head = await server.request(LIST, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await server.request(LIST, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('answers 503 when the store fails', async () => {
    server.fail('findRevocationHead', new Unavailable('SQLITE_BUSY'))
    expect((await server.request(LIST)).status).toBe(503)
    server.heal()
    server.fail('readRevocationPage', new Unavailable('SQLITE_BUSY'))
    expect((await server.request(LIST)).status).toBe(503)
    server.heal()
    expect((await fetchPage()).entries).toEqual([])
  })
})

describe('revocation list and access token', () => {
  test('server refuses a list as an access token', async () => {
    await server.audience('api', ['read'])
    const client = await server.client({ grants: { api: ['read'] } })
    const introspected = await server.introspect(client, await fetchText())
    expect(introspected).toEqual({ active: false })
    const token = await server.issue(client)
    expect(decodeProtectedHeader(token).typ).toBe('at+jwt')
    expect(decodeJwt(token).aud).toBe('api')
    const taken = await server.request('/admin/v1/keys', {
      headers: { authorization: `Bearer ${await fetchText()}` },
    })
    expect(taken.status).toBe(401)
  })
})

describe('cursor', () => {
  test('yields the rules after it, or none', async () => {
    await revoke('a')
    const first = await fetchPage()
    await revoke('b')
    const text = await fetchText({ after: first.cursor })
    // The header repeats the cursor: otherwise an attacker could give a follower a page that begins
    // later.
    expect(decodeProtectedHeader(text)).toMatchObject({ after: first.cursor })
    const second = decodeJwt<Page>(text)
    expect(second).toMatchObject({ full: false, more: false, entries: [{ seq: 2, value: 'b' }] })
    expect(second.cursor > first.cursor).toBe(true)
    expect(await fetchPage({ after: second.cursor })).toMatchObject({
      full: false,
      cursor: second.cursor,
      entries: [],
    })
  })

  const SEQ_1 = '0000000000000001'
  test.each<[string, (epoch: string) => string]>([
    ['an empty text', () => ''],
    ['a word', () => 'x'],
    ['a number alone', () => '1'],
    ['a number without leading zeros', (epoch) => `${epoch}.1`],
    ['a negative number', (epoch) => `${epoch}.-000000000000001`],
    ['a trailing letter', (epoch) => `${epoch}.${SEQ_1}x`],
    ['a trailing line feed', (epoch) => `${epoch}.${SEQ_1}\n`],
    ['a number that is not reached yet', (epoch) => `${epoch}.0000000000000003`],
    ['a number beyond every safe integer', (epoch) => `${epoch}.9999999999999999`],
    ['another epoch', (epoch) => `${epoch}x.${SEQ_1}`],
    ['no epoch', () => `.${SEQ_1}`],
    ['a text that is too long', (epoch) => `${epoch}.${SEQ_1}`.padStart(600, 'a')],
  ])('yields the full list at once for %s', async (_, cursor) => {
    await revoke('a')
    await revoke('b')
    const { epoch } = await fetchPage()
    const page = await fetchPage({ after: cursor(epoch), wait: '25' })
    expect(page).toMatchObject({ full: true, entries: [{ seq: 1 }, { seq: 2 }] })
  })

  test('yields the full list when it is given twice', async () => {
    await revoke('a')
    const { cursor } = await fetchPage()
    const after = encodeURIComponent(cursor)
    const response = await server.request(`${LIST}?after=${after}&after=${after}`)
    expect(decodeJwt<Page>(await textOf(response)).full).toBe(true)
  })

  test('yields the full list when a later rule was pruned', async () => {
    await revoke('first')
    const old = await fetchPage()
    await revoke('short', START_SECONDS + 60)
    const current = await fetchPage()
    server.advance(60 + 60 + PRUNE_GRACE_SECONDS)
    await server.store.pruneRevocations(server.seconds())
    expect(await fetchPage({ after: old.cursor })).toMatchObject({
      full: true,
      entries: [{ value: 'first' }],
    })
    expect(await fetchPage({ after: current.cursor })).toMatchObject({ full: false, entries: [] })
  })

  test('stays valid after a restart of the server', async () => {
    await revoke('a')
    const { cursor } = await fetchPage()
    const again = await startServer({ store: server.store })
    await revoke('b')
    const response = await again.request(query({ after: cursor }))
    expect(decodeJwt<Page>(await textOf(response))).toMatchObject({
      full: false,
      entries: [{ value: 'b' }],
    })
  })
})

describe('revocation list of several pages', () => {
  const many = (count: number): void =>
    server.sql(`insert into revocations (seq, kind, value, client_id, expires_at, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
      select i, 'jti', 'jti-' || i, 'lkc_1', ${START_SECONDS + 900}, ${START_SECONDS} from n;
      update revocation_counter set seq = ${count}`)

  test('ends with a page that is exactly full', async () => {
    many(REVOCATION_PAGE_ENTRIES)
    const page = await fetchPage()
    expect([page.entries.length, page.more]).toEqual([REVOCATION_PAGE_ENTRIES, false])
  })

  test('continues each page after the one before, and only the first is marked full', async () => {
    many(2 * REVOCATION_PAGE_ENTRIES + 1)
    const pages = [await fetchPage()]
    for (let last = pages.at(-1); last?.more === true; last = pages.at(-1)) {
      pages.push(await fetchPage({ after: last.cursor, wait: '25' }))
    }
    expect(pages.map(({ full, more }) => [full, more])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ])
    const seqs = pages.flatMap(({ entries }) => entries.map(({ seq }) => seq))
    expect(seqs).toEqual(Array.from({ length: 2 * REVOCATION_PAGE_ENTRIES + 1 }, (_, i) => i + 1))
    const cursors = pages.map(({ cursor }) => cursor)
    expect(cursors.toSorted()).toEqual(cursors)
  })

  test('continues when a rule is pruned between two pages', async () => {
    many(REVOCATION_PAGE_ENTRIES + 2)
    server.sql(
      `update revocations set expires_at = ${START_SECONDS} where seq > ${REVOCATION_PAGE_ENTRIES + 1}`,
    )
    const first = await fetchPage()
    expect(first.more).toBe(true)
    server.advance(61 + PRUNE_GRACE_SECONDS)
    await server.store.pruneRevocations(server.seconds())
    expect(await fetchPage({ after: first.cursor })).toMatchObject({
      full: false,
      more: false,
      entries: [{ seq: REVOCATION_PAGE_ENTRIES + 1 }],
    })
  })
})

describe('signature of a page', () => {
  test('is shared for five seconds', async () => {
    const first = await fetchText()
    server.advance(4)
    expect(await fetchText()).toBe(first)
    server.advance(1)
    const next = await fetchText()
    expect(next).not.toBe(first)
    expect(decodeJwt(next).iat).toBe(START_SECONDS + 5)
  })

  test('is shared by simultaneous requests with the same cursor', async () => {
    let signatures = 0
    const { signText } = server.deps.signer
    server.deps.signer.signText = (...of) => {
      signatures += 1
      return signText(...of)
    }
    await Promise.all(Array.from({ length: 20 }, () => fetchText()))
    expect(signatures).toBe(1)
    const { cursor } = await fetchPage()
    await Promise.all(Array.from({ length: 20 }, () => fetchText({ after: cursor })))
    expect(signatures).toBe(2)
    await revoke('a')
    await Promise.all(Array.from({ length: 20 }, () => fetchText({ after: cursor })))
    expect(signatures).toBe(3)
  })

  test('is made anew after a new rule', async () => {
    const before = await fetchText()
    await revoke('a')
    expect(decodeJwt<Page>(await fetchText()).entries).toHaveLength(1)
    expect(decodeJwt<Page>(before).entries).toEqual([])
  })

  test('is made anew when the clock is set back', async () => {
    const first = await fetchText()
    server.advance(-3600)
    expect(await fetchText()).not.toBe(first)
  })

  test('is tried again after a failure', async () => {
    const { signText } = server.deps.signer
    server.deps.signer.signText = () => Promise.reject(new Error('no'))
    expect((await server.request(LIST)).status).toBe(500)
    server.deps.signer.signText = signText
    expect((await fetchPage()).entries).toEqual([])
  })
})

describe('wait parameter', () => {
  /** Sends the request; `asked.answered` becomes true with its answer. */
  const ask = (parameters: Record<string, string>, signal?: AbortSignal) => {
    const asked = { answered: false }
    const answer = Promise.resolve(
      server.request(query(parameters), signal ? { signal } : {}),
    ).then(async (response) => {
      asked.answered = true
      expect(response.headers.get('cache-control')).toBe('no-store')
      return decodeJwt<Page>(await textOf(response))
    })
    return { asked, answer }
  }

  test('holds the answer until there is a rule', async () => {
    const { cursor } = await fetchPage()
    const { asked, answer } = ask({ after: cursor, wait: '25' })
    await sleep(200)
    expect(asked.answered).toBe(false)
    expect(server.deps.revocationWatch.waiting).toBe(1)
    await revoke('a')
    expect(await answer).toMatchObject({ full: false, entries: [{ value: 'a' }] })
    expect(server.deps.revocationWatch.waiting).toBe(0)
  })

  test('ends after its seconds with the same cursor and a recent signature', async () => {
    const { cursor } = await fetchPage()
    server.advance(30)
    expect(await ask({ after: cursor, wait: '1' }).answer).toMatchObject({
      cursor,
      entries: [],
      iat: START_SECONDS + 30,
    })
  })

  test('holds no answer that has a new rule', async () => {
    const { cursor } = await fetchPage()
    await revoke('a')
    expect(await ask({ after: cursor, wait: '25' }).answer).toMatchObject({ entries: [{}] })
    expect(await ask({ wait: '25' }).answer).toMatchObject({ full: true })
  })

  test.each(['0', '-1', 'x', '', '1e3', '0.5'])(
    'holds no answer for the value %j',
    async (wait) => {
      const { cursor } = await fetchPage()
      const response = await server.request(query({ after: cursor, wait }))
      expect(response.headers.get('cache-control')).toBe('public, max-age=1')
    },
  )

  test('ends with the full list when a new epoch begins', async () => {
    const { cursor, epoch } = await fetchPage()
    const { answer } = ask({ after: cursor, wait: '25' })
    await sleep(100)
    const keys = [await testKey('RS256', 5), await testKey('RS256', 6)]
    await server.store.beginEpoch(keys, server.seconds())
    const page = await answer
    expect(page).toMatchObject({ full: true, entries: [{ kind: 'key' }, { kind: 'key' }] })
    expect(page.epoch).not.toBe(epoch)
  })

  test('ends when the client disconnects', async () => {
    const { cursor } = await fetchPage()
    const controller = new AbortController()
    const { answer } = ask({ after: cursor, wait: '25' }, controller.signal)
    await sleep(50)
    expect(server.deps.revocationWatch.waiting).toBe(1)
    controller.abort()
    await answer
    expect(server.deps.revocationWatch.waiting).toBe(0)
  })

  test('ends with 503 when the store fails', async () => {
    const { cursor } = await fetchPage()
    const waiting = Promise.resolve(server.request(query({ after: cursor, wait: '25' })))
    await sleep(50)
    server.fail('findRevocationHead', new Unavailable('SQLITE_BUSY'))
    expect((await waiting).status).toBe(503)
  })

  test('ends for all requests when the watch is closed, and later requests are answered at once', async () => {
    const { cursor } = await fetchPage()
    const held = Array.from({ length: 10 }, () => ask({ after: cursor, wait: '25' }).answer)
    await sleep(50)
    server.deps.revocationWatch.close()
    for (const answer of held) expect(await answer).toMatchObject({ cursor, entries: [] })
    expect(await ask({ after: cursor, wait: '25' }).answer).toMatchObject({ cursor })
  })

  test('is ignored beyond the limit of one address, for that address only', async () => {
    const { cursor } = await fetchPage()
    const head = await server.store.findRevocationHead()
    const wait = (address: string | undefined) => {
      const { signal } = new AbortController()
      return server.deps.revocationWatch.changed(head, 25_000, { signal, address })
    }
    const held = Array.from({ length: 2_000 }, () => wait(ADDRESS))
    expect(await ask({ after: cursor, wait: '25' }).answer).toMatchObject({ cursor })
    held.push(wait('198.51.100.7'), wait(undefined))
    expect(server.deps.revocationWatch.waiting).toBe(2_002)
    await revoke('a')
    await Promise.all(held)
    const waits = ask({ after: (await fetchPage()).cursor, wait: '25' })
    await sleep(50)
    expect(server.deps.revocationWatch.waiting).toBe(1)
    server.deps.revocationWatch.close()
    await waits.answer
  })

  test('is ignored beyond the limit of a process', async () => {
    const { cursor } = await fetchPage()
    const head = await server.store.findRevocationHead()
    const held = Array.from({ length: 20_000 }, () =>
      server.deps.revocationWatch.changed(head, 25_000, { signal: new AbortController().signal }),
    )
    expect(await ask({ after: cursor, wait: '25' }).answer).toMatchObject({ cursor })
    expect(server.deps.revocationWatch.waiting).toBe(20_000)
    server.deps.revocationWatch.close()
    await Promise.all(held)
  })
})

test('revocation list has a token that was revoked over HTTP', async () => {
  await server.audience('api', ['read'])
  const client = await server.client({ grants: { api: ['read'] } })
  const token = await server.issue(client)
  const { cursor } = await fetchPage()
  await server.request('/oauth/revoke', {
    method: 'POST',
    headers: {
      Authorization: basic(client),
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: encodeForm({ token }),
  })
  expect((await fetchPage({ after: cursor })).entries).toMatchObject([
    { kind: 'jti', value: decodeJwt(token).jti, exp: decodeJwt(token).exp },
  ])
})
