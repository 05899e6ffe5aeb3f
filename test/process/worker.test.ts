// Deployed Worker: bundled and migrated by wrangler, run by workerd with the settings of
// wrangler.toml, asked over HTTP. It sends no request to the outside.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { AnyD1Database } from 'drizzle-orm/d1'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { Miniflare, Response as MiniflareResponse, type WorkerOptions } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealingKey } from '../../src/audit/seals.ts'
import { checkAudit } from '../../src/audit/verify.ts'
import { newClientSecret } from '../../src/secret.ts'
import { openD1Store } from '../../src/store/sqlite/d1.ts'
import { newAdministrator } from '../../src/store/seed.ts'
import { loadMigrations } from '../../src/store/sqlite/migrate.ts'
import type { Store } from '../../src/store/store.ts'
import { client } from '../store/contract/records.ts'
import { setting, wrangler } from '../support/wrangler.ts'

const ISSUER = 'https://auth.example'
const ADDRESS = '192.0.2.1'
const SETTINGS = {
  LATCHKEY_ISSUER: ISSUER,
  LATCHKEY_KEK: Buffer.alloc(32, 1).toString('base64url'),
}
const OTHER_KEK = Buffer.alloc(32, 2).toString('base64url')
const SECRET = newClientSecret((length) => new Uint8Array(length).fill(7))
const CLIENT = 'lkc_0123456789abcdefghijkl'
const LIMITED = 'lkc_lklklklklklklklklklklk'
const ROOT = 'lkc_rootrootrootrootrootrr'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-worker-'))

type Bindings = Record<string, string | number>

/** The bundle with this database and these variables. */
const worker = (name: string, database: string | null, bindings: Bindings): WorkerOptions => ({
  name,
  modulesRoot: join(folder, 'bundle'),
  modules: [{ type: 'ESModule', path: join(folder, 'bundle/worker.js') }],
  compatibilityDate: setting('compatibility_date'),
  compatibilityFlags: ['nodejs_compat'],
  ...(database !== null && { d1Databases: { DB: database } }),
  bindings,
  unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
  outboundService(request: { url: string }) {
    outside.push(request.url)
    return new MiniflareResponse(null, { status: 502 })
  },
})

const { LATCHKEY_ISSUER, LATCHKEY_KEK } = SETTINGS
const MIGRATED = setting('database_id')
/** Deployments that are refused for their settings or their database. */
const REFUSED: Record<string, [database: string | null, bindings: Bindings]> = {
  'no key-encryption key': [MIGRATED, { LATCHKEY_ISSUER }],
  'a malformed key-encryption key': [MIGRATED, { ...SETTINGS, LATCHKEY_KEK: 'short' }],
  'another key-encryption key': [MIGRATED, { ...SETTINGS, LATCHKEY_KEK: OTHER_KEK }],
  'no issuer': [MIGRATED, { LATCHKEY_KEK }],
  'an issuer without a value': [MIGRATED, { ...SETTINGS, LATCHKEY_ISSUER: '' }],
  'a key-encryption key without a value': [MIGRATED, { ...SETTINGS, LATCHKEY_KEK: ' ' }],
  'a malformed issuer': [MIGRATED, { ...SETTINGS, LATCHKEY_ISSUER: 'auth.example' }],
  'an unknown setting': [MIGRATED, { ...SETTINGS, LATCHKEY_ISUER: ISSUER }],
  'a setting that is a number': [MIGRATED, { ...SETTINGS, LATCHKEY_TOKEN_TTL: 60 }],
  'a database that is not migrated': ['empty', SETTINGS],
  'no database': [null, SETTINGS],
}

const outside: string[] = []
const log: string[] = []
let miniflare: Miniflare
let store: Store

const ask = async (name: string, path: string, init: RequestInit = {}): Promise<Response> =>
  await fetch(new URL(path, await miniflare.unsafeGetDirectURL(name)), init)

const post = (name: string, path: string, form: Record<string, string>, id = CLIENT) =>
  ask(name, path, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${SECRET.text}`).toString('base64')}`,
      'cf-connecting-ip': ADDRESS,
    },
    body: new URLSearchParams(form),
  })

const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>

const newToken = async (): Promise<string> => {
  const response = await post('one', '/oauth/token', { grant_type: 'client_credentials' })
  expect(response.status).toBe(200)
  return String((await json(response))['access_token'])
}

const introspected = async (name: string, token: string) =>
  await json(await post(name, '/oauth/introspect', { token }))

const NOBODY = 'lkc_nobodynobodynobodynobo'

/** Returns the audit events of refused logins of this id. */
const refusals = async (target: string) => {
  const page = { after: null, limit: 10, newestFirst: false }
  const filter = { target, action: 'client.authenticate' }
  return (await store.listAuditEvents({ filter, ...page })).rows
}

/** Slice of Miniflare's Fetcher that runs the once-a-minute job of the Worker. */
type Scheduled = { scheduled(options: { cron?: string }): Promise<{ outcome: string }> }

let firstAnswers: Response[]

beforeAll(async () => {
  await Promise.all([
    wrangler(folder, 'deploy', '--dry-run', '--outdir', join(folder, 'bundle')),
    wrangler(
      folder,
      'd1',
      'migrations',
      'apply',
      'DB',
      '--local',
      '--persist-to',
      join(folder, 'state'),
    ),
  ])
  miniflare = new Miniflare({
    workers: [
      worker('one', MIGRATED, SETTINGS),
      worker('two', MIGRATED, SETTINGS),
      worker('counting', MIGRATED, SETTINGS),
      worker('curves', MIGRATED, { ...SETTINGS, LATCHKEY_ALGORITHMS: 'Ed25519,RS256' }),
      ...Object.entries(REFUSED).map(([name, given]) => worker(name, ...given)),
    ],
    d1Persist: join(folder, 'state/v3/d1'),
    host: '127.0.0.1',
    cf: false,
    telemetry: { enabled: false },
    handleRuntimeStdio(out: Readable, err: Readable) {
      for (const stream of [out, err]) stream.on('data', (chunk: Buffer) => log.push(String(chunk)))
    },
  })
  await miniflare.ready
  const names = ['one', 'two', 'one', 'two']
  firstAnswers = await Promise.all(names.map((name) => ask(name, '/.well-known/jwks.json')))

  store = openD1Store((await miniflare.getD1Database('DB', 'one')) as unknown as AnyD1Database)
  const hook = { audience: 'hook', permissions: ['hook:track'] }
  const options = { plugins: ['chat'], createPlugins: true, grants: [hook] }
  const secret = (id: string) => ({ ...SECRET.row, id })
  await store.createClient(client(CLIENT, { ...options, secret: secret('a') }), 1)
  const limited = { ...options, quotaPerMinute: 1_000, secret: secret('b') }
  await store.createClient(client(LIMITED, limited), 1)
})

afterAll(async () => {
  await miniflare?.dispose()
  rmSync(folder, { recursive: true })
})

describe('Worker', () => {
  it('makes one set of keys at its first requests', async () => {
    const documents = await Promise.all(firstAnswers.map(json))
    expect(firstAnswers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const stored = await store.listKeys()
    expect(stored.map(({ state }) => state).toSorted()).toEqual(['active', 'next'])
    for (const document of documents) {
      const keys = document['keys'] as Record<string, unknown>[]
      expect(keys.map(({ kid }) => kid).toSorted()).toEqual(stored.map(({ kid }) => kid).toSorted())
      for (const key of keys) {
        expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
      }
    }
    const unbound = (await store.listClients()).filter(({ workspaceId }) => workspaceId === null)
    expect(unbound).toEqual([])
  })

  it.each(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])(
    'serves the metadata of the configured issuer at %s',
    async (path) => {
      const metadata = await json(await ask('one', path))
      expect(metadata).toMatchObject({
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/oauth/authorize`,
        token_endpoint: `${ISSUER}/oauth/token`,
        id_token_signing_alg_values_supported: ['RS256'],
      })
    },
  )

  it('refuses to authorize', async () => {
    const refused = await ask('one', '/oauth/authorize?response_type=code')
    expect(refused.status).toBe(400)
    expect(refused.headers.has('location')).toBe(false)
    expect(await json(refused)).toMatchObject({ error: 'unsupported_response_type' })
  })

  it('issues a token that its keys verify', async () => {
    const token = await newToken()
    const keys = await json(await ask('two', '/.well-known/jwks.json'))
    const options = { issuer: ISSUER, audience: 'hook', typ: 'at+jwt', algorithms: ['RS256'] }
    const jwks = createLocalJWKSet(keys as never)
    const { payload } = await jwtVerify(token, jwks, options)
    expect(payload).toMatchObject({ client_id: CLIENT, scope: 'hook:track', plugin_id: 'chat' })
  })

  it('reports a token as active until it is revoked, in every isolate at once', async () => {
    const token = await newToken()
    expect(await introspected('two', token)).toMatchObject({ active: true, client_id: CLIENT })
    expect((await post('one', '/oauth/revoke', { token })).status).toBe(200)
    expect(await introspected('one', token)).toEqual({ active: false })
    expect(await introspected('two', token)).toEqual({ active: false })
  })

  it('reports a token as inactive after an administrator revoked the client', async () => {
    const token = await newToken()
    await store.revokeClientTokens(CLIENT, 1)
    expect(await introspected('one', token)).toEqual({ active: false })
    expect(await introspected('two', await newToken())).toMatchObject({ active: true })
  })

  it('refuses an unknown client, and a client with a quota, which it cannot count', async () => {
    const form = { grant_type: 'client_credentials' }
    const unknown = await post('one', '/oauth/token', form, 'lkc_nobody')
    expect([unknown.status, await json(unknown)]).toMatchObject([401, { error: 'invalid_client' }])
    const limited = await post('one', '/oauth/token', form, LIMITED)
    expect([limited.status, await json(limited)]).toMatchObject([429, { code: 'quota_exceeded' }])
    expect((await ask('one', '/metrics')).status).toBe(404)
  })

  it('serves the admin API, its document and its page', async () => {
    const administrator = { ...newAdministrator(ROOT, ROOT), secret: { ...SECRET.row, id: 'r' } }
    await store.createClient(administrator, 1)
    const issued = await post('one', '/oauth/token', { grant_type: 'client_credentials' }, ROOT)
    const token = String((await json(issued))['access_token'])
    const authorization = { Authorization: `Bearer ${token}` }
    const body = JSON.stringify({ id: 'acme' })
    const headers = { ...authorization, 'Content-Type': 'application/json' }
    const made = await ask('one', '/admin/v1/workspaces', { method: 'POST', headers, body })
    expect([made.status, made.headers.get('location')]).toEqual([201, '/admin/v1/workspaces/acme'])
    const seen = await ask('two', '/admin/v1/audit/export', { headers: authorization })
    expect(await seen.text()).toContain('"action":"workspace.create","target":"acme"')
    expect((await ask('two', '/admin/v1/workspaces')).status).toBe(401)
    for (const path of ['/', '/openapi.json', '/docs', '/docs/style.css', '/docs/script.js']) {
      expect((await ask('one', path)).status).toBe(200)
    }
  })

  it('writes the counted events of an isolate after an answer, at most once a minute', async () => {
    const form = { grant_type: 'client_credentials' }
    const attempt = () => post('counting', '/oauth/token', form, NOBODY)
    await attempt()
    await expect.poll(() => refusals(NOBODY)).toMatchObject([{ count: 1 }])
    for (let i = 0; i < 5; i++) await attempt()
    expect(await refusals(NOBODY)).toHaveLength(1)
  })

  it('seals the audit table each minute, with a key that is not in the database', async () => {
    const { scheduled } = (await miniflare.getWorker('counting')) as unknown as Scheduled
    expect(await scheduled({ cron: '* * * * *' })).toMatchObject({ outcome: 'ok' })
    expect(await refusals(NOBODY)).toMatchObject([{ count: 1 }, { count: 5 }])
    const check = (kek: string) =>
      checkAudit({ store, key: sealingKey(Buffer.from(kek, 'base64url')) })
    const report = await check(LATCHKEY_KEK)
    expect(report).toMatchObject({ intact: true, unsealed: 0 })
    expect(report.checked).toBeGreaterThan(3)
    expect(await check(OTHER_KEK)).toMatchObject({ intact: false })
    expect(log.join('')).not.toContain('could not be')
  })

  it('rotates an old key in its once-a-minute job, and serves the next one', async () => {
    const database = await miniflare.getD1Database('DB', 'one')
    await database.exec(
      'update signing_keys set created_at = created_at - 8640000, activated_at = activated_at - 8640000',
    )
    const { scheduled } = (await miniflare.getWorker('counting')) as unknown as Scheduled
    expect(await scheduled({ cron: '* * * * *' })).toMatchObject({ outcome: 'ok' })
    const stored = await store.listKeys()
    expect(stored.map(({ state }) => state).toSorted()).toEqual(['active', 'next', 'retiring'])
    const { keys } = await json(await ask('two', '/.well-known/jwks.json'))
    expect(keys).toHaveLength(3)
    expect((await introspected('two', await newToken()))['active']).toBe(true)
  })

  it('prunes, cuts and removes nothing by a clock that is ahead, and logs it once', async () => {
    const database = await miniflare.getD1Database('DB', 'one')
    const token = await newToken()
    await post('one', '/oauth/revoke', { token })
    const count = async () =>
      await database
        .prepare(
          `select (select count(*) from revocations) rules, (select count(*) from signing_keys) keys,
            (select count(*) from clients where status = 'active') clients,
            (select count(*) from audit_events where action = 'audit.cut') cuts`,
        )
        .first()
    const before = await count()
    // The statement makes the clock jump by 500 days: everything in the database is older by as
    // much.
    await database.exec(
      'update server_clock set settled_at = settled_at - 43200000, latest_at = latest_at - 43200000, gap_since = gap_since - 43200000, ticked_at = ticked_at - 43200000',
    )
    await database.exec(
      `update revocations set expires_at = expires_at - 43200000 + 86400 where kind = 'jti'`,
    )
    await database.exec('update clients set created_at = created_at - 43200000, unused_after = 60')
    const { scheduled } = (await miniflare.getWorker('counting')) as unknown as Scheduled
    for (let i = 0; i < 3; i++) {
      expect(await scheduled({ cron: '* * * * *' })).toMatchObject({ outcome: 'ok' })
    }
    expect(await count()).toEqual(before)
    expect((await introspected('two', token))['active']).toBe(false)
    const list = decodeJwt(await (await ask('two', '/oauth/revocations')).text())
    expect(JSON.stringify(list['entries'])).toContain(String(decodeJwt(token).jti))
    const told = log.join('').match(/the clock is ahead/g)
    expect(told).toHaveLength(1)
  })

  it('starts for its once-a-minute job too, and logs when it cannot', async () => {
    const name = 'no key-encryption key'
    const { scheduled } = (await miniflare.getWorker(name)) as unknown as Scheduled
    expect(await scheduled({})).toMatchObject({ outcome: 'ok' })
    await expect.poll(() => log.join('')).toContain('LATCHKEY_KEK must be set')
  })

  it.each(Object.keys(REFUSED))('answers 503 without a reason with %s', async (name) => {
    for (const path of ['/.well-known/jwks.json', '/healthz', '/nowhere']) {
      const response = await ask(name, path)
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await json(response)).toEqual({
        error: 'temporarily_unavailable',
        error_description: 'The server is temporarily unable to answer. Try again.',
        code: 'store_unavailable',
      })
    }
  })

  it('starts once the database is migrated, because a failure is not remembered', async () => {
    const name = 'a database that is not migrated'
    expect((await ask(name, '/readyz')).status).toBe(503)
    const database = await miniflare.getD1Database('DB', name)
    for (const { statements } of loadMigrations()) {
      await database.batch(statements.map((sql) => database.prepare(sql)))
    }
    expect((await ask(name, '/readyz')).status).toBe(200)
  })

  it('logs lines of JSON without secrets and tokens', async () => {
    const token = await newToken()
    await post('one', '/oauth/token', { grant_type: 'client_credentials' }, 'lkc_nobody')
    await expect.poll(() => log.join('')).toContain('client authentication failed')
    const text = log.join('')
    const lines = text
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'info',
        msg: 'token issued',
        clientId: CLIENT,
        plugin: 'chat',
      }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        msg: 'client authentication failed',
        address: ADDRESS,
      }),
    )
    const reasons = lines.flatMap((line) => (line.msg === 'cannot start' ? [line.reason] : []))
    expect(reasons).toContain('LATCHKEY_KEK must be set')
    for (const hidden of [token, SECRET.text, LATCHKEY_KEK, OTHER_KEK]) {
      expect(text).not.toContain(hidden)
    }
  })

  it('sends no request to the outside', () => {
    expect(outside).toEqual([])
  })

  it('signs with Ed25519, and publishes RS256 first', async () => {
    const audience = { id: 'curve', requiresPlugin: false, tokenTtl: null } as const
    const permissions = [{ name: 'read', implies: [] }]
    await store.createAudience({ ...audience, algorithm: 'Ed25519', permissions }, 1)
    const grants = [{ audience: 'curve', permissions: ['read'] }]
    const id = 'lkc_curvecurvecurvecurvecu'
    await store.createClient(client(id, { grants, secret: { ...SECRET.row, id: 'curve' } }), 1)

    const form = { grant_type: 'client_credentials' }
    const issued = await json(await post('curves', '/oauth/token', form, id))
    const keys = await json(await ask('curves', '/.well-known/jwks.json'))
    expect((keys['keys'] as { alg: string }[])[0]?.alg).toBe('RS256')
    const { protectedHeader } = await jwtVerify(
      String(issued['access_token']),
      createLocalJWKSet(keys as never),
      { issuer: ISSUER, audience: 'curve', algorithms: ['Ed25519'] },
    )
    expect(protectedHeader.alg).toBe('Ed25519')
  })
})

describe('revocation list on D1', () => {
  type Page = { cursor: string; full: boolean; entries: { kind: string; value: string }[] }
  const pageOf = async (response: Response): Promise<Page> => {
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/jwt',
    ])
    return decodeJwt<Page>(await response.text())
  }
  const list = (name: string, query = '') => ask(name, `/oauth/revocations${query}`)

  it('is held until another isolate writes a rule, and continues from its cursor', async () => {
    const first = await pageOf(await list('one'))
    expect(first.full).toBe(true)
    const token = await newToken()
    const query = `?after=${encodeURIComponent(first.cursor)}&wait=25`
    const held = [list('one', query), list('one', query), list('two', query)].map(async (asked) =>
      pageOf(await asked),
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await post('two', '/oauth/revoke', { token })).status).toBe(200)
    for (const page of await Promise.all(held)) {
      const { jti } = decodeJwt(token)
      expect(page).toMatchObject({ full: false, entries: [{ kind: 'jti', value: jti }] })
    }
  })

  it('ends its wait in time', async () => {
    const { cursor } = await pageOf(await list('two'))
    const query = `?after=${encodeURIComponent(cursor)}&wait=1`
    expect(await pageOf(await list('two', query))).toMatchObject({ cursor, entries: [] })
  })
})
