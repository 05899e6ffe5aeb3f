// Successful commands: one JSON value, a table for people, one audit event for a change and none
// for a read.
import { userInfo } from 'node:os'
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { databasePath } from '../support/database.ts'
import { auditEvents, auditText } from '../support/audit-log.ts'
import { decode } from '../support/jwt.ts'
import { type Place, createCli, latchkey, latchkeyJson, seededPlace } from '../support/processes.ts'

let place: Place
let cli: ReturnType<typeof createCli>
beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
})

/** Secrets and tokens that were printed, which must not be in the audit. */
const shown: string[] = []

/** Number of audit events that earlier steps checked. */
let seen = 0
beforeEach(() => {
  seen = auditEvents(place).length
})

const OPERATOR = `cli:${userInfo().username}`

/** Expects exactly one event since the last call, with its actor. */
const expectAudited = (action: string, target: unknown): void => {
  const events = auditEvents(place).slice(seen)
  seen += events.length
  expect(events).toEqual([{ actor: OPERATOR, action, target, outcome: 'success' }])
}

const expectNotAudited = (): void => {
  expect(auditEvents(place)).toHaveLength(seen)
}

const expectSnakeCase = (value: unknown): void => {
  if (value === null || typeof value !== 'object') return
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value)) expect(key).toMatch(/^[a-z][a-z0-9_]*$/)
    expectSnakeCase(member)
  }
}

type Value = Record<string, unknown>

/** Runs a command that changes `target`, and returns its output. */
const change = async <T = Value>(
  [action, target]: [action: string, target?: string],
  command: string,
  ...rest: string[]
): Promise<T> => {
  const value = await cli.json<T>(command, ...rest)
  expectSnakeCase(value)
  expectAudited(action, target ?? (value as Value)['client_id'])
  const secret = (value as Value)['client_secret'] ?? (value as Value)['access_token']
  if (secret !== undefined) shown.push(String(secret))
  return value
}

const look = async <T = Value[]>(command: string, ...rest: string[]): Promise<T> => {
  const value = await cli.json<T>(command, ...rest)
  expectSnakeCase(value)
  expectNotAudited()
  return value
}

/** Expects a table with these columns and rows. */
const expectTable = async (command: string, columns: string[], ids: string[]): Promise<void> => {
  const [header = '', ...lines] = (await cli.text(command)).trimEnd().split('\n')
  expect(header.split(/\s+/)).toEqual(columns)
  expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(ids)
}

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string
const ETAG = expect.stringMatching(/^[\w-]{8,}$/) as string
const SECRET = expect.stringMatching(/^lks_[\w-]{43}$/) as string
const SECRET_ID = expect.stringMatching(/^secret_[\w-]{22}$/) as string
const HINT = expect.stringMatching(/^[\w-]{4}$/) as string
const CLIENT_ID = expect.stringMatching(/^lkc_[\w-]{22}$/) as string

it('audience commands create, update and list', async () => {
  const docs = {
    id: 'docs',
    permissions: [
      { name: 'read', implies: [] },
      { name: 'write', implies: ['read'] },
      { name: 'full', implies: ['write', 'read'] },
    ],
    requires_plugin: true,
    token_ttl: 600,
    algorithm: 'RS256',
    created_at: TIME,
    etag: ETAG,
  }
  const permissions = ['read', 'write>read', 'full>write,read'].flatMap((p) => ['--permission', p])
  const flags = ['--requires-plugin', '--ttl', '600', '--alg', 'RS256']
  expect(
    await change(['audience.create', 'docs'], 'audience create docs', ...permissions, ...flags),
  ).toEqual(docs)
  expect(
    await change(
      ['audience.update', 'docs'],
      'audience update docs --no-requires-plugin --ttl 300 --permission read',
    ),
  ).toEqual({
    ...docs,
    permissions: docs.permissions.slice(0, 1),
    requires_plugin: false,
    token_ttl: 300,
  })
  const uri = 'https://api.example/v1?a=b'
  expect(await change(['audience.create', uri], `audience create ${uri}`)).toMatchObject({
    id: uri,
    permissions: [],
    requires_plugin: false,
    token_ttl: null,
  })
  const ids = (await look('audience list')).map(({ id }) => id)
  expect(ids).toEqual(expect.arrayContaining(['latchkey', 'hook', 'docs', uri]))
  expect(ids).toHaveLength(4)
  await expectTable(
    'audience list',
    ['ID', 'PERMISSIONS', 'REQUIRES_PLUGIN', 'TOKEN_TTL', 'ALGORITHM', 'CREATED_AT'],
    ids.map(String),
  )
})

it('plugin commands create, update, revoke tokens, disable, enable, list and delete', async () => {
  const plugin = {
    id: 'slack-sync',
    name: 'Slack',
    trust: 'trusted',
    capabilities: ['connector:slack', 'mail'],
    snapshot: 'v1',
    status: 'active',
    generation: 1,
    created_at: TIME,
    etag: ETAG,
  }
  const created = await change(
    ['plugin.create', 'slack-sync'],
    'plugin create slack-sync --name Slack --trust trusted --capability connector:slack ' +
      '--capability mail --snapshot v1',
  )
  expect(created).toEqual(plugin)
  const update = ['plugin.update', 'slack-sync'] as [string, string]
  expect(await change(update, 'plugin update slack-sync --trust restricted --snapshot v2')).toEqual(
    { ...plugin, trust: 'restricted', snapshot: 'v2', generation: 2 },
  )
  expect(await change(update, 'plugin update slack-sync --no-capability')).toMatchObject({
    capabilities: [],
    generation: 3,
  })
  expect(
    await change(['plugin.revoke_tokens', 'slack-sync'], 'plugin revoke-tokens slack-sync'),
  ).toMatchObject({ generation: 4 })
  expect(await look('plugin list')).toMatchObject([{ id: 'slack-sync', generation: 4 }])
  const columns = ['ID', 'NAME', 'STATUS', 'TRUST', 'CAPABILITIES', 'CREATED_AT']
  await expectTable('plugin list', columns, ['slack-sync'])
  const disabled = await change(['plugin.disable', 'slack-sync'], 'plugin disable slack-sync')
  expect(disabled).toMatchObject({ status: 'disabled', generation: 5 })
  expect(await look('plugin list --status disabled')).toMatchObject([{ id: 'slack-sync' }])
  const enabled = await change(['plugin.enable', 'slack-sync'], 'plugin enable slack-sync')
  expect(enabled).toMatchObject({ status: 'active', generation: 5 })
  const deleted = await change(['plugin.delete', 'slack-sync'], 'plugin delete slack-sync')
  expect(deleted).toEqual({ id: 'slack-sync', status: 'deleted' })
  expect(await look('plugin list')).toEqual([])
})

it('workspace commands create, suspend, resume and list', async () => {
  const acme = {
    id: 'acme',
    name: 'Acme Ltd',
    status: 'active',
    generation: 1,
    created_at: TIME,
    etag: ETAG,
  }
  expect(
    await change(['workspace.create', 'acme'], 'workspace create acme --name', 'Acme Ltd'),
  ).toEqual(acme)
  expect(await change(['workspace.suspend', 'acme'], 'workspace suspend acme')).toEqual({
    ...acme,
    status: 'suspended',
    generation: 2,
  })
  expect(await change(['workspace.resume', 'acme'], 'workspace resume acme')).toEqual({
    ...acme,
    generation: 2,
  })
  expect(await look('workspace list --sort -id')).toMatchObject([{ id: 'default' }, { id: 'acme' }])
  const columns = ['ID', 'NAME', 'STATUS', 'CREATED_AT']
  await expectTable('workspace list --sort -id', columns, ['default', 'acme'])
})

it('client commands create, show, grant, disable, enable, revoke tokens, list and delete', async () => {
  await cli.json('workspace create tenant')
  seen = auditEvents(place).length
  const created = await change(
    ['client.create'],
    'client create --workspace tenant --plugin mail-sync --plugin chat-sync --create-plugin ' +
      '--introspects hook --auth client_secret_basic --ttl 120 --quota 60/min --name',
    'A daemon',
    '--grant',
    'hook=hook:govern hook:track',
  )
  const client = {
    client_id: CLIENT_ID,
    name: 'A daemon',
    workspace_id: 'tenant',
    status: 'active',
    plugins: ['chat-sync', 'mail-sync'],
    grants: [{ audience: 'hook', permissions: ['hook:govern', 'hook:track'] }],
    introspects: ['hook'],
    authorization_details: [],
    software_id: null,
    unused_after_days: null,
    auth_method: 'client_secret_basic',
    token_ttl: 120,
    quota_per_minute: 60,
    ledger: false,
    generation: 1,
    created_at: TIME,
    etag: ETAG,
  }
  expect(created).toEqual({ ...client, secret_id: SECRET_ID, client_secret: SECRET })
  const id = String(created['client_id'])
  expect(await look(`client show ${id}`)).toEqual(client)

  expect(
    await change(
      ['client.update', id],
      `client grant ${id} --grant hook=hook:track --remove-plugin chat-sync --introspects latchkey ` +
        '--remove-introspects hook',
    ),
  ).toEqual({
    ...client,
    plugins: ['mail-sync'],
    grants: [{ audience: 'hook', permissions: ['hook:track'] }],
    introspects: ['latchkey'],
    generation: 2,
  })
  expect(await change(['client.update', id], `client grant ${id} --grant hook=`)).toMatchObject({
    grants: [],
    generation: 3,
  })
  const STEPS = [
    ['disable', 'client.disable', { status: 'disabled', generation: 4 }],
    ['enable', 'client.enable', { status: 'active', generation: 4 }],
    ['revoke-tokens', 'client.revoke_tokens', { status: 'active', generation: 5 }],
  ] as const
  for (const [verb, action, expected] of STEPS) {
    expect(await change([action, id], `client ${verb} ${id}`)).toMatchObject(expected)
  }
  const lines = (await cli.text(`client show ${id}`)).trimEnd().split('\n')
  expect(lines).toContainEqual(expect.stringMatching(/^name +A daemon$/))
  expect(lines).toHaveLength(Object.keys(client).length - 1)

  const clients = await look('client list --sort -name')
  expect(clients.map((row) => row['name'])).toEqual(['Administrator', 'A daemon'])
  await expectTable(
    'client list --sort -name',
    'CLIENT_ID NAME STATUS LAST_USED_AT WORKSPACE_ID PLUGINS CREATED_AT'.split(' '),
    clients.map((row) => String(row['client_id'])),
  )
  expect(await change(['client.delete', id], `client delete ${id}`)).toEqual({
    client_id: id,
    status: 'deleted',
  })
  expect(await look('client list')).toHaveLength(1)
})

it('secret commands add, list and revoke', async () => {
  const { client_id: client, secret_id: first } = await change(
    ['client.create'],
    'client create --name holder',
  )
  const added = await change(
    ['secret.add', String(client)],
    `secret add ${client} --name second --expires-in 3600 --previous-expires-in 60`,
  )
  const second = {
    secret_id: SECRET_ID,
    client_id: client,
    name: 'second',
    hint: String(added['client_secret']).slice(-4),
    created_at: TIME,
    etag: ETAG,
    expires_at: TIME,
    last_used_at: null,
  }
  expect(added).toEqual({ ...second, client_secret: SECRET })
  const secrets = await look(`secret list ${client}`)
  expect(secrets).toHaveLength(2)
  expect(secrets).toContainEqual(second)
  expect(secrets).toContainEqual({ ...second, secret_id: first, name: null, hint: HINT })
  const columns = 'SECRET_ID NAME HINT LAST_USED_AT EXPIRES_AT CREATED_AT'.split(' ')
  await expectTable(
    `secret list ${client}`,
    columns,
    secrets.map((row) => String(row['secret_id'])),
  )

  expect(
    await change(['secret.revoke', String(client)], `secret revoke ${client} ${String(first)}`),
  ).toEqual({ secret_id: first, client_id: client, revoked: true })
  expect(await look(`secret list ${client}`)).toEqual([second])
})

it('token commands issue, inspect and revoke', async () => {
  const { client_id: client } = await change(
    ['client.create'],
    'client create --name issuer --plugin p --create-plugin --grant',
    'hook=hook:govern hook:track',
  )
  const response = await change(
    ['token.issue', String(client)],
    `token issue --client ${client} --audience hook --scope hook:track --plugin p`,
  )
  expect(response).toEqual({
    access_token: expect.any(String) as string,
    token_type: 'Bearer',
    expires_in: 900,
    scope: 'hook:track',
  })
  const token = String(response['access_token'])
  const { claims } = decode(token)
  for (const input of [`${token}\n`, JSON.stringify(response)]) {
    expect(await latchkeyJson(place, ['token', 'inspect', '-'], input)).toEqual({
      active: true,
      reason: null,
      means: null,
      rule: null,
      claims,
    })
  }
  const { jti } = claims as { jti: string }
  expect(await latchkeyJson(place, ['token', 'revoke', '-'], JSON.stringify(response))).toEqual({
    jti,
    client_id: client,
    known: true,
    revoked: true,
  })
  const [rule] = (await cli.json('revocation list --kind jti')) as [Record<string, unknown>]
  expectAudited('token.revoke', jti)
  expect(await latchkeyJson(place, ['token', 'inspect', '-'], token)).toEqual({
    active: false,
    reason: 'token_revoked',
    means: 'A rule of the revocation list matches it.',
    rule: {
      kind: 'jti',
      seq: rule['seq'],
      created_at: rule['created_at'],
      created_by: OPERATOR,
      action: 'token.revoke',
      request_id: rule['request_id'],
    },
    claims,
  })
  const [header = '', payload = ''] = token.split('.')
  const forged = `${header}.${payload}.${'A'.repeat(342)}`
  expect(await latchkeyJson(place, ['token', 'inspect', '-'], forged)).toEqual({
    active: false,
    reason: 'signature_invalid',
    means: 'A key of this server has its kid, and has not signed it.',
    rule: null,
    claims: null,
  })
  for (const input of ['a.b', 'garbage', '{"error":"invalid_client"}', 'a'.repeat(9_000)]) {
    const { code, stdout, stderr } = await latchkey(place, ['token', 'inspect', '-'], input)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^latchkey: (The text is no JWT|token: must have at most)[^\n]*\n$/)
  }
  expectNotAudited()
})

it('token commands revoke by the id alone, and show', async () => {
  const { client_id: client } = await change(
    ['client.create'],
    'client create --name recorded --ledger --plugin p --grant',
    'hook=hook:track',
  )
  const issue = `token issue --client ${client} --audience hook --plugin p`
  const { access_token: token } = await change(['token.issue', String(client)], issue)
  const jti = String(decode(String(token)).claims['jti'])
  expect(await look('token show', jti)).toMatchObject({ jti, client_id: client, audience: 'hook' })
  expect(await change(['token.revoke', jti], 'token revoke --jti', jti)).toEqual({
    jti,
    client_id: client,
    known: true,
    revoked: true,
  })
  const unknown = '-'.padEnd(22, 'x')
  const text = await cli.text('token revoke --jti', unknown)
  expectAudited('token.revoke', unknown)
  expect(text).toContain('The ledger of this server has no unexpired token with this jti.')
  const list = await cli.text('revocation list --kind jti')
  expect(list).toMatch(/^SEQ +KIND +SUBJECT +CREATED_AT +CREATED_BY +EXPIRES_AT\n/)
  expect(list).toContain(` ${jti} of recorded `)
  expect(list).toContain(` ${unknown} of an unknown client `)
  expect(list).toContain(` ${OPERATOR} `)
  const inspected = await latchkey(place, ['token', 'inspect', '-'], String(token))
  expect(inspected.stdout).toMatch(/^rule +jti$/m)
  expect(inspected.stdout).toMatch(new RegExp(`^rule_created_by +${OPERATOR}$`, 'm'))
})

it('revocation commands list and show subjects by name', async () => {
  await change(['workspace.create', 'acme-2'], 'workspace create acme-2 --name Second')
  await change(['workspace.suspend', 'acme-2'], 'workspace suspend acme-2')
  await change(['run.revoke', 'default#run-9'], 'run revoke run-9')
  expect(await look('run show run-9')).toEqual({
    identifier: 'run-9',
    workspace_id: 'default',
    closed_at: TIME,
  })
  const subjectOf = async (kind: string) => {
    const rule = (await look(`revocation list --kind ${kind}`)).at(-1)
    const shown = await cli.text(`revocation show ${String(rule?.['seq'])}`)
    expect(await look(`revocation show ${String(rule?.['seq'])}`)).toEqual(rule)
    return /^subject +(.+)$/m.exec(shown)?.[1]
  }
  expect(await subjectOf('workspace')).toBe('Second (acme-2)')
  expect(await subjectOf('run')).toBe('run-9 in default')
  const filtered = await look('revocation list --filter', 'subject=run-9 in default')
  expect(filtered.map(({ kind }) => kind)).toEqual(['run'])
  const database = new BetterSqlite3(databasePath(place))
  database.exec('update revocations set workspace_id = null, created_by = null')
  database.exec("update revocations set value = 'x' where kind = 'run'")
  database.close()
  expect(await subjectOf('workspace')).toBe('an unknown workspace')
  expect(await subjectOf('run')).toBe('an unknown run')
  expect(await cli.text('revocation list --kind run')).toMatch(/ unknown /)
})

it('admin commands list and show administrators', async () => {
  const list = await look('admin list')
  const id = String(list[0]?.['client_id'])
  expect(list).toHaveLength(1)
  const { last_used_at: _, ...shown } = list[0] ?? {}
  expect(await look('admin show', id)).toEqual(shown)
  const table = await cli.text('admin list')
  expect(table).toMatch(/^CLIENT_ID +NAME +STATUS +PERMISSIONS +LAST_USED_AT +WORKSPACE_ID\n/)
  expect(table).toMatch(/ active +read, write +- +-\n$/)
  const [client] = await look('client list --name recorded')
  const refused = await latchkey(place, ['admin', 'show', String(client?.['client_id'])])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/^latchkey: the client lkc_\S+ is no administrator\n$/)
})

it('key commands list, rotate and revoke', async () => {
  type Key = { kid: string; state: string }
  const key = {
    kid: expect.stringMatching(/^[\w-]{43}$/) as string,
    algorithm: 'RS256',
    state: 'active',
    created_at: TIME,
    promotable_at: null,
    activated_at: TIME,
    retired_at: null,
    gone_at: null,
    revoked_at: null,
  }
  const keys = await look<Key[]>('key list')
  expect(keys).toHaveLength(2)
  expect(keys).toContainEqual(key)
  expect(keys).toContainEqual({
    ...key,
    state: 'next',
    promotable_at: TIME,
    activated_at: null,
  })
  const columns = ['KID', 'ALGORITHM', 'STATE', 'ACTIVATED_AT', 'PROMOTABLE_AT', 'GONE_AT']
  await expectTable(
    'key list',
    columns,
    keys.map(({ kid }) => kid),
  )
  const kidOf = (state: string) => String(keys.find((one) => one.state === state)?.kid)
  const [active, signing] = [kidOf('active'), kidOf('next')]
  const rotation = await change(['key.rotate', signing], 'key rotate --now')
  expect(rotation).toEqual({
    rotated: [{ algorithm: 'RS256', kid: signing, published_at: TIME, former_kid: active }],
    warnings: [expect.stringMatching(/^The RS256 key .* may refuse its tokens until/)],
  })
  const rotated = await look<Key[]>('key list')
  expect(rotated).toContainEqual({
    ...key,
    kid: active,
    state: 'retiring',
    retired_at: TIME,
    gone_at: TIME,
  })
  const next = String(rotated.find(({ state }) => state === 'next')?.kid)
  const after = await change<Key[]>(['key.revoke', next], `key revoke ${next}`)
  expect(after.map(({ state }) => state).sort()).toEqual(['active', 'next', 'retiring', 'revoked'])
  expect(after.find(({ kid }) => kid === next)).toMatchObject({
    state: 'revoked',
    revoked_at: TIME,
  })

  const all = await cli.json<Key[]>('key revoke --all')
  expectAudited('key.revoke_all', null)
  expect(all.map(({ state }) => state).sort()).toEqual([
    'active',
    'next',
    ...Array<string>(4).fill('revoked'),
  ])

  const lines = (await cli.text('key rotate --now')).trimEnd().split('\n')
  expect(lines[0]).toMatch(/^ALGORITHM +KID +PUBLISHED_AT +FORMER_KID$/)
  expect(lines.at(-1)).toMatch(/^The RS256 key .* may refuse its tokens until/)
})

it('admin create makes an administrator, and migrate reports the database', async () => {
  const alice = await change(['admin.create'], 'admin create --name alice')
  expect(alice).toMatchObject({
    client_id: CLIENT_ID,
    client_secret: SECRET,
    name: 'alice',
    workspace_id: null,
    grants: [{ audience: 'latchkey', permissions: ['admin:read', 'admin:write'] }],
    introspects: [],
  })
  expect(await look<Value>('migrate')).toEqual({
    database: './data/latchkey.db',
    state: 'up to date',
  })
})

it('audit table has no secret and no token of the commands', () => {
  expect(shown.length).toBeGreaterThan(5)
  const log = auditText(place)
  expect(shown.filter((secret) => log.includes(secret))).toEqual([])
  expect(log).not.toMatch(/lk[ser]_|eyJ/)
})
