// First start of `serve` in an empty folder, by one process or by two at once.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hashSecret } from '../../src/secret.ts'
import { dump, files } from '../support/database.ts'
import { createCaller, send } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import {
  type Output,
  type Place,
  latchkey,
  newPlace,
  onAnotherPort,
  startServer,
  startStarter,
  withVariables,
} from '../support/processes.ts'

const inside = ({ directory }: Place, ...path: string[]) => join(directory, ...path)
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

type Credentials = { issuer: string; client_id: string; client_secret: string }

const readCredentials = (place: Place): Credentials =>
  JSON.parse(readFileSync(inside(place, 'keys', 'admin.json'), 'utf8')) as Credentials

const administrator = (place: Place) => {
  const { client_id: id, client_secret: secret } = readCredentials(place)
  return { id, secret }
}

const secretsOf = (place: Place): string[] => {
  const keys = dump(place)['signing_keys'] ?? []
  return [
    administrator(place).secret,
    readFileSync(inside(place, 'keys', 'kek'), 'utf8').trim(),
    ...keys.map((key) => String(key['private_jwe'])),
  ]
}

const expectNoSecret = (place: Place, { stdout, stderr }: Output): void => {
  const leaked = secretsOf(place).filter((secret) => (stdout + stderr).includes(secret))
  expect(leaked).toEqual([])
  expect(stdout + stderr).not.toMatch(/lks_|"d":|eyJ/)
}

const rows = (place: Place, table: string, ...columns: string[]) =>
  dump(place)[table]?.map((row) => columns.map((column) => row[column]))

const ADMIN_TOKEN = { aud: 'latchkey', scope: 'admin:read admin:write' }

describe.concurrent('first start', () => {
  it('creates keys, audiences, a workspace and an administrator, and a second start changes nothing', async () => {
    const place = await newPlace()
    const first = await startServer(place)
    const token = await createCaller(place.url).issue(administrator(place))
    expect(decode(token).claims).toMatchObject({ iss: place.url, ...ADMIN_TOKEN })
    expect(decode(token).claims).not.toHaveProperty('workspace_id')
    const kids = await createCaller(place.url).kids()
    expectNoSecret(place, await first.stop())

    const modes = {
      data: '700',
      'data/latchkey.db': '600',
      keys: '700',
      'keys/kek': '600',
      'keys/admin.json': '600',
    }
    for (const [path, expected] of Object.entries(modes)) {
      expect(mode(inside(place, path)), path).toBe(expected)
    }
    expect(readdirSync(inside(place, 'data'))).toEqual(['latchkey.db', 'ledger.db'])
    expect(readdirSync(inside(place, 'keys')).sort()).toEqual(['.gitignore', 'admin.json', 'kek'])
    expect(readFileSync(inside(place, 'keys', '.gitignore'), 'utf8')).toBe('*\n')
    expect(readCredentials(place).issuer).toBe(place.url)

    expect(rows(place, 'audiences', 'id', 'requires_plugin', 'algorithm', 'token_ttl')).toEqual([
      ['latchkey', 0, 'RS256', null],
      ['hook', 1, 'RS256', null],
    ])
    expect(rows(place, 'permissions', 'audience_id', 'name', 'implies')).toEqual([
      ['latchkey', 'admin:read', '[]'],
      ['latchkey', 'admin:write', '[]'],
      ['hook', 'hook:govern', '[]'],
      ['hook', 'hook:track', '[]'],
    ])
    expect(rows(place, 'workspaces', 'id', 'status')).toEqual([['default', 'active']])
    expect(rows(place, 'clients', 'id', 'workspace_id', 'status')).toEqual([
      [administrator(place).id, null, 'active'],
    ])
    expect(rows(place, 'client_secrets', 'client_id', 'expires_at')).toEqual([
      [administrator(place).id, null],
    ])
    expect(rows(place, 'client_grants', 'audience_id', 'permission')).toEqual([
      ['latchkey', 'admin:read'],
      ['latchkey', 'admin:write'],
    ])
    const keys = rows(place, 'signing_keys', 'state', 'algorithm', 'kid')
    expect(keys?.map(([state, algorithm]) => [state, algorithm])).toEqual([
      ['active', 'RS256'],
      ['next', 'RS256'],
    ])
    expect(kids).toEqual(keys?.map(([, , kid]) => kid))
    expect(JSON.stringify(dump(place))).not.toContain(administrator(place).secret)

    // The database file changes with the clock that the server keeps in it.
    const state = () => {
      const { 'data/latchkey.db': database, ...others } = files(place)
      expect(database).toBeDefined()
      return { rows: dump(place), others }
    }
    const before = state()
    const second = await startServer(place)
    expect((await send(`${place.url}/readyz`)).status).toBe(200)
    await second.stop()
    expect(state()).toEqual(before)
  })

  it('keeps the credentials of an earlier database', async () => {
    const place = await newPlace()
    mkdirSync(inside(place, 'keys'))
    const earlier = '{"client_id":"earlier"}\n'
    writeFileSync(inside(place, 'keys', 'admin.json'), earlier)
    expect((await latchkey(place, ['migrate'])).code).toBe(0)
    expect(mode(inside(place, 'keys'))).toBe('700')
    const kept = readdirSync(inside(place, 'keys')).filter((name) => /^admin\..+\.json$/.test(name))
    expect(kept).toHaveLength(1)
    expect(readFileSync(inside(place, 'keys', String(kept[0])), 'utf8')).toBe(earlier)
    expect(administrator(place).id).toMatch(/^lkc_/)
  })

  it('uses the key-encryption key of LATCHKEY_KEK or LATCHKEY_KEK_FILE and creates none', async () => {
    const place = await newPlace()
    const kek = randomBytes(32).toString('base64url')
    writeFileSync(inside(place, 'key'), `${kek}\n`, { mode: 0o600 })
    expect(await latchkey(withVariables(place, { LATCHKEY_KEK: kek }), ['migrate'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(existsSync(inside(place, 'keys', 'kek'))).toBe(false)
    const server = await startServer(withVariables(place, { LATCHKEY_KEK_FILE: 'key' }))
    await createCaller(place.url).issue(administrator(place))
    const output = await server.stop()
    expect(output.stdout + output.stderr).not.toContain(kek)
  })
})

/**
 * Expects a consistent result of both starts: the database fits the files, and no other files are
 * left.
 */
const expectOneFirstStart = (place: Place): void => {
  expect(rows(place, 'signing_keys', 'state')?.flat().sort()).toEqual(['active', 'next'])
  expect(rows(place, 'clients', 'id')).toEqual([[administrator(place).id]])
  expect(rows(place, 'client_secrets', 'hash')).toEqual([[hashSecret(administrator(place).secret)]])
  expect(readdirSync(inside(place, 'keys')).sort()).toEqual(['.gitignore', 'admin.json', 'kek'])
  const made = readdirSync(inside(place, 'data')).filter((name) => name !== 'ledger.db') // the ledger belongs to servers
  expect(made).toEqual(['latchkey.db'])
}

const ROUNDS = 20

describe('two processes that start at once in an empty folder', () => {
  it('create one set of keys and one administrator in every round', async () => {
    const [one, other] = await Promise.all([startStarter(), startStarter()])
    for (let round = 0; round < ROUNDS; round++) {
      const place = await newPlace()
      const { directory } = place
      const outcomes = await Promise.all([one.firstStart(directory), other.firstStart(directory)])
      expect(outcomes, `round ${round}`).toEqual(['done', 'done'])
      expectOneFirstStart(place)
    }
  })

  it('create one set as commands', async () => {
    const place = await newPlace()
    const migrate = () => latchkey(place, ['migrate'])
    for (const output of await Promise.all([migrate(), migrate()])) {
      expect(output).toMatchObject({ code: 0, stderr: '' })
    }
    expectOneFirstStart(place)
  })

  it('create one set as servers, and both authenticate the administrator', async () => {
    const place = await newPlace()
    const other = await onAnotherPort(place)
    const servers = await Promise.all([startServer(place), startServer(other)])
    for (const { url } of [place, other]) {
      const token = await createCaller(url).issue(administrator(place))
      const answer = await createCaller(place.url).introspect(administrator(place), token)
      expect(JSON.parse(answer)).toMatchObject({ active: true, ...ADMIN_TOKEN })
    }
    await Promise.all(servers.map((server) => server.stop()))
    expectOneFirstStart(place)
  })
})
