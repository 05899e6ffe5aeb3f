// Each check of `doctor`: in order on a sound installation, and its failure, made once.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { CHECKS, examine } from '../../src/cli/doctor/examine.ts'
import { nodeVersion } from '../../src/cli/doctor/installation.ts'
import { MAX_ISSUER_ANSWER_BYTES, MIN_NODE_VERSION } from '../../src/constants.ts'
import { publicJwks } from '../../src/signing/keyring.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { firstSeed } from '../../src/store/seed.ts'
import { atEndOfFile } from '../support/cleanups.ts'
import { expectNothingHidden } from '../support/hidden-text.ts'
import { KEK, testKeys } from '../support/keys.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const SECONDS = NOW / 1000
const ISSUER = 'https://auth.example'

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-doctor-'))
  atEndOfFile(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The folder of a sound server, and its published keys. */
let sound: string
let jwks: { keys: Record<string, unknown>[] }
beforeAll(async () => {
  sound = newFolder()
  for (const name of ['data', 'keys']) mkdirSync(join(sound, name), { mode: 0o700 })
  const store = openBetterSqlite3Store(join(sound, 'data', 'latchkey.db'))
  await store.bootstrap(firstSeed(await testKeys(['RS256']), null, randomBytes), SECONDS, () => {})
  jwks = publicJwks(await store.listKeys(), SECONDS)
  await store.close()
  writeFileSync(join(sound, 'keys', 'kek'), Buffer.from(KEK).toString('base64url'), { mode: 0o600 })
  writeFileSync(join(sound, 'keys', 'admin.json'), '{"client_secret":"x"}', { mode: 0o600 })
})

/** An installation whose build is newer than its source. */
const installation = (): string => {
  const root = newFolder()
  for (const folder of ['src/verifier/dist/cjs', 'scripts', 'dist']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  copyFileSync('scripts/build-age.mjs', join(root, 'scripts', 'build-age.mjs'))
  for (const path of ['src/cli.ts', 'src/verifier/dist/cjs/package.json', 'dist/cli.js']) {
    writeFileSync(join(root, path), '')
  }
  const old = SECONDS - 60
  for (const path of ['src', 'src/cli.ts', 'src/verifier', 'src/verifier/dist']) {
    utimesSync(join(root, path), old, old)
  }
  return root
}

type Answers = Record<string, unknown>

const METADATA = '/.well-known/oauth-authorization-server'
const JWKS = '/.well-known/jwks.json'

type Situation = {
  environment?: Record<string, string>
  answers?: Answers
  date?: number
  root?: string
  clock?: number
  /** Changes the copy of the sound folder before the examination. */
  change?: (folder: string) => unknown
}

/** Examines a copy of the sound server. @returns the findings of each check */
const examined = async ({ environment, answers, date = NOW, ...more }: Situation = {}) => {
  const folder = newFolder()
  cpSync(sound, folder, { recursive: true })
  more.change?.(folder)
  const all: Answers = { [METADATA]: { issuer: ISSUER }, [JWKS]: jwks, ...answers }
  const rows = await examine({
    environment: {
      LATCHKEY_ISSUER: ISSUER,
      LATCHKEY_DATABASE_URL: `file:${folder}/data/latchkey.db`,
      LATCHKEY_KEYS_DIR: `${folder}/keys`,
      ...environment,
    },
    clock: () => more.clock ?? NOW,
    root: pathToFileURL(`${more.root ?? installation()}/`),
    fetch: async (url) => {
      const answer = all[new URL(String(url)).pathname]
      if (answer instanceof Error) throw answer
      if (answer instanceof Response) return answer
      return Response.json(answer, { headers: { Date: new Date(date).toUTCString() } })
    },
  })
  return {
    rows,
    failures: rows.filter(({ status }) => status === 'failed').map(({ check }) => check),
    findingOf: (name: string) => rows.find(({ check }) => check === name),
  }
}

const database = (statement: string) => (folder: string) => {
  const client = new BetterSqlite3(join(folder, 'data', 'latchkey.db'))
  client.exec(statement)
  client.close()
}

describe('doctor', () => {
  it('finds a sound server in order, with a row for each check', async () => {
    const { rows } = await examined()
    expect(rows.map(({ check, status }) => [check, status])).toEqual(
      CHECKS.map(({ name }) => [name, 'ok']),
    )
  })

  it('changes no file', async () => {
    const path = (folder: string) => join(folder, 'data', 'latchkey.db')
    let examinedFolder = ''
    await examined({ change: (folder) => void (examinedFolder = folder) })
    expect(readFileSync(path(examinedFolder)).equals(readFileSync(path(sound)))).toBe(true)
  })

  it('requires the version of Node.js that package.json names', async () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      engines: { node: string }
    }
    expect(engines.node).toBe(`>=${MIN_NODE_VERSION}`)
    for (const old of ['18.20.4', '20.2.0']) {
      expect(await nodeVersion(null, old), old).toMatchObject([{ status: 'failed' }])
    }
    for (const version of ['20.3.0', '20.20.1', '22.0.0']) {
      expect(await nodeVersion(null, version), version).toMatchObject([{ status: 'ok' }])
    }
  })

  it('reports a native module that cannot be loaded, and skips the database', async () => {
    const driver = await import('../../src/store/sqlite/driver.ts')
    const checks = CHECKS.map((check) =>
      check.name === 'native module'
        ? {
            ...check,
            run: async () => {
              throw new driver.DriverUnusable('the installation is broken')
            },
          }
        : check,
    )
    const rows = await examine(
      {
        environment: { LATCHKEY_ISSUER: ISSUER },
        clock: () => NOW,
        root: pathToFileURL(`${installation()}/`),
        fetch: async () => Response.error(),
      },
      checks,
    )
    const statusOf = (name: string) => rows.find(({ check }) => check === name)?.status
    expect([statusOf('native module'), statusOf('database'), statusOf('clock')]).toEqual([
      'failed',
      'skipped',
      'skipped',
    ])
  })

  it('warns of a build that is older than a source', async () => {
    const root = installation()
    utimesSync(join(root, 'src', 'cli.ts'), SECONDS + 10 ** 9, SECONDS + 10 ** 9)
    expect((await examined({ root })).findingOf('build')).toMatchObject({ status: 'warning' })
  })

  it('reports every bad variable, and skips the checks that need them', async () => {
    const environment = {
      LATCHKEY_PORT: 'http',
      LATCHKEY_WORKERS: '0',
      LATCHKEY_ISSEUR: 'https://auth.example',
    }
    const { rows, failures } = await examined({ environment })
    expect(failures).toEqual(['settings', 'settings', 'settings'])
    expect(rows.flatMap(({ status, detail }) => (status === 'failed' ? [detail] : []))).toEqual([
      'LATCHKEY_ISSEUR is not a setting of Latchkey; did you mean LATCHKEY_ISSUER?',
      'LATCHKEY_PORT must be a port from 0 to 65535',
      'LATCHKEY_WORKERS must be a number of processes from 1 to 64',
    ])
    expect(rows.filter(({ status }) => status === 'skipped').length).toBe(8)
  })

  it('reports two variables that exclude each other', async () => {
    const environment = {
      LATCHKEY_KEK: Buffer.from(KEK).toString('base64url'),
      LATCHKEY_KEK_FILE: '/kek',
    }
    expect((await examined({ environment })).failures).toEqual(['settings'])
  })

  it('warns of a variable that is set and empty', async () => {
    const { rows, failures } = await examined({ environment: { LATCHKEY_METRICS_TOKEN: ' ' } })
    expect(failures).toEqual([])
    expect(rows).toContainEqual(expect.objectContaining({ check: 'settings', status: 'warning' }))
  })

  it('reads metadata of another listener up to a limit', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536
        if (sent > 8 * MAX_ISSUER_ANSWER_BYTES) throw new Error('the whole answer was read')
        controller.enqueue(new Uint8Array(65_536).fill(0x20))
      },
    })
    const answers = { [METADATA]: new Response(endless) }
    const { findingOf, failures } = await examined({ answers })
    expect(failures).toEqual(['issuer'])
    expect(findingOf('issuer')?.detail).toBe(`${METADATA} is longer than 1048576 bytes`)
  })

  const FILES: readonly (readonly [what: string, change: (folder: string) => void])[] = [
    ['the database', (folder) => chmodSync(join(folder, 'data/latchkey.db'), 0o644)],
    ['the ledger', (folder) => writeFileSync(join(folder, 'data/ledger.db'), '', { mode: 0o644 })],
    ['the credentials', (folder) => chmodSync(join(folder, 'keys/admin.json'), 0o640)],
    [
      'a copy of the database',
      (folder) => {
        copyFileSync(join(folder, 'data/latchkey.db'), join(folder, 'data/copy.db'))
        chmodSync(join(folder, 'data/copy.db'), 0o604)
      },
    ],
    ['the folder of the database', (folder) => chmodSync(join(folder, 'data'), 0o770)],
  ]
  it.each(FILES)('reports the access of other users to %s', async (_, change) => {
    expect((await examined({ change })).failures).toEqual(['files'])
  })

  it('reports a file of another user', async () => {
    const own = vi.spyOn(process, 'geteuid').mockReturnValue(12_345)
    const { rows } = await examined({
      environment: { LATCHKEY_KEK: Buffer.from(KEK).toString('base64url') },
      // A user trusts the files of root.
      change: (folder) =>
        process.getuid?.() === 0 && chownSync(join(folder, 'keys/admin.json'), 54_321, 54_321),
    })
    own.mockRestore()
    expect(rows).toContainEqual(
      expect.objectContaining({
        check: 'files',
        status: 'failed',
        detail: expect.stringContaining('admin.json belongs to another user') as string,
      }),
    )
  })

  const HOSTILE = "x \u001b]0;pwned\u0007 ok'; touch PWNED #"
  const planted = (path: string): void => {
    copyFileSync(join(sound, 'data/latchkey.db'), path)
    chmodSync(path, 0o644)
  }

  it('quotes the name of a file in a command', async () => {
    const { findingOf } = await examined({
      change: (folder) => planted(join(folder, 'data', HOSTILE)),
    })
    const { advice } = findingOf('files') ?? {}
    expect(advice).toMatch(
      /^run: chmod 600 '\/.*\/x \\u\{1b\}.* ok'\\''; touch PWNED #'; then replace/,
    )
    expectNothingHidden(advice ?? '')
  })

  it('offers no command, and fails no check, for a copy of another user in the current folder', async () => {
    const current = newFolder()
    planted(join(current, HOSTILE))
    const own = vi.spyOn(process, 'geteuid').mockReturnValue(12_345)
    const here = vi.spyOn(process, 'cwd').mockReturnValue(current)
    const { rows } = await examined({
      environment: { LATCHKEY_KEK: Buffer.from(KEK).toString('base64url') },
      // A user trusts the files of root.
      change: () => process.getuid?.() === 0 && chownSync(join(current, HOSTILE), 54_321, 54_321),
    }).finally(() => {
      own.mockRestore()
      here.mockRestore()
    })
    const about = rows.filter(({ detail }) => detail.includes(current))
    expect(about).toMatchObject([{ check: 'files', status: 'warning' }])
    expect(about[0]?.advice).not.toMatch(/run:|PWNED/)
  })

  it('fails for an own copy in the current folder', async () => {
    const current = newFolder()
    planted(join(current, 'backup.db'))
    const here = vi.spyOn(process, 'cwd').mockReturnValue(current)
    const { failures } = await examined().finally(() => here.mockRestore())
    expect(failures).toEqual(['files'])
  })

  const open = (folder: string): void => chmodSync(join(folder, 'keys/kek'), 0o644)
  const missing = (folder: string): void => rmSync(join(folder, 'keys/kek'))
  it.each([
    ['open to other users', open],
    ['missing', missing],
  ])('reports a key-encryption key that is %s', async (_, change) => {
    const { failures, findingOf } = await examined({ change })
    expect(failures).toEqual(['key-encryption key'])
    expect(findingOf('signing keys')).toMatchObject({ status: 'skipped' })
  })

  it('reports a key-encryption key that does not open the signing keys', async () => {
    const environment = { LATCHKEY_KEK: Buffer.alloc(32, 1).toString('base64url') }
    expect((await examined({ environment })).failures).toEqual(['signing keys'])
  })

  it('warns of an algorithm without keys', async () => {
    const { findingOf } = await examined({ environment: { LATCHKEY_ALGORITHMS: 'RS256,ES256' } })
    expect(findingOf('signing keys')).toMatchObject({ status: 'warning' })
  })

  const DATABASES: readonly (readonly [what: string, change: (folder: string) => void])[] = [
    ['missing', (folder) => rmSync(join(folder, 'data/latchkey.db'))],
    ['no database', (folder) => writeFileSync(join(folder, 'data/latchkey.db'), 'text')],
    [
      'of a newer version',
      database("insert into latchkey_migrations values (99, '0099_later', 'hash')"),
    ],
  ]
  it.each(DATABASES)('reports a database that is %s', async (_, change) => {
    const { failures, findingOf } = await examined({ change })
    expect(failures).toEqual(['database'])
    expect(findingOf('JWKS')).toMatchObject({ status: 'skipped' })
  })

  it('warns of a database that lacks a migration, and reads nothing of it', async () => {
    const statement =
      'delete from latchkey_migrations where position = (select max(position) from latchkey_migrations)'
    const { failures, findingOf } = await examined({ change: database(statement) })
    expect(failures).toEqual([])
    expect(findingOf('database')).toMatchObject({ status: 'warning' })
    expect(findingOf('clock')).toMatchObject({ status: 'skipped' })
  })

  it('reports a clock behind the recorded time, and warns of one ahead of it', async () => {
    expect((await examined({ clock: NOW - 120_000, date: NOW - 120_000 })).failures).toEqual([
      'clock',
    ])
    const ahead = await examined({
      change: database('update server_clock set ticked_at = ticked_at + 600'),
    })
    expect(ahead.findingOf('clock')).toMatchObject({ status: 'warning' })
  })

  const REFUSED = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
  const ADDRESSES: readonly (readonly [what: string, answer: unknown])[] = [
    ['does not answer', REFUSED],
    ['answers 502', new Response('', { status: 502 })],
    ['answers no JSON', new Response('<html>')],
    ['names another issuer', { issuer: 'https://other.example' }],
  ]
  it.each(ADDRESSES)('reports an address that %s', async (_, answer) => {
    const { failures, findingOf } = await examined({ answers: { [METADATA]: answer } })
    expect(failures).toEqual(['issuer'])
    expect(findingOf('issuer')?.detail).not.toBe('')
    expect(findingOf('JWKS')).toMatchObject({ status: 'skipped' })
  })

  it('names the cause of a failed request', async () => {
    const { findingOf } = await examined({ answers: { [METADATA]: REFUSED } })
    expect(findingOf('issuer')?.detail).toBe('fetch failed: ECONNREFUSED')
  })

  it('reports a clock that is apart from that of the issuer', async () => {
    expect((await examined({ date: NOW - 90_000 })).failures).toEqual(['clock of the issuer'])
  })

  it.each([
    ['lacks a key of the database', () => jwks.keys.slice(1)],
    ['has a key of another database', () => [...jwks.keys, { kid: 'foreign' }]],
  ])('reports a JWKS that %s', async (_, keys) => {
    expect((await examined({ answers: { [JWKS]: { keys: keys() } } })).failures).toEqual(['JWKS'])
  })
})
