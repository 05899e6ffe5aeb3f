// Mistyped paths of foreign files: a refusal changes neither their contents nor their modes.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { type Place, latchkey, newPlace, withVariables } from '../support/processes.ts'

/** Returns the mode of every path of a place, and the contents of every file. */
const stateOf = ({ directory }: Place): Record<string, string> =>
  Object.fromEntries(
    ['.', ...(readdirSync(directory, { recursive: true }) as string[])].map((path) => {
      const stats = lstatSync(join(directory, path))
      const content = stats.isFile() ? readFileSync(join(directory, path), 'base64') : ''
      return [path, `${stats.mode.toString(8)} ${content}`]
    }),
  )

const put = (place: Place, path: string, content: string | null, mode = 0o644): void => {
  const full = join(place.directory, path)
  mkdirSync(dirname(full), { recursive: true })
  if (content === null) mkdirSync(full)
  else writeFileSync(full, content)
  chmodSync(full, mode)
}

const otherProgram = (place: Place, path: string): void => {
  put(place, path, '')
  const client = new BetterSqlite3(join(place.directory, path))
  client.exec('create table places (url text)')
  client.close()
}

type Foreign = { url: string; make: (place: Place) => void; line: string }

const DATABASES: Record<string, Foreign> = {
  'a folder': {
    url: 'shared',
    make: (place) => put(place, 'shared', null, 0o755),
    line: 'cannot open the database shared: EISDIR',
  },
  'a folder with a sidecar, alone in its folder': {
    url: 'x/shared',
    make(place) {
      put(place, 'x/shared', null, 0o755)
      put(place, 'x/shared-wal', 'text')
      chmodSync(join(place.directory, 'x'), 0o755)
    },
    line: 'cannot open the database x/shared: EISDIR',
  },
  'a text file': {
    url: 'x/notes.txt',
    make(place) {
      for (const name of ['notes.txt', 'notes.txt-wal', 'notes.txt-shm'])
        put(place, `x/${name}`, 'n')
      chmodSync(join(place.directory, 'x'), 0o755)
    },
    line: 'cannot open the database x/notes.txt: SQLITE_NOTADB',
  },
  'a long text file': {
    url: 'notes.txt',
    make: (place) => put(place, 'notes.txt', 'SQLite format 3 is no header'.repeat(99)),
    line: 'cannot open the database notes.txt: SQLITE_NOTADB',
  },
  'a link to a text file': {
    url: 'x/latchkey.db',
    make(place) {
      put(place, 'home/notes.txt', 'notes')
      put(place, 'x', null, 0o755)
      symlinkSync('../home/notes.txt', join(place.directory, 'x/latchkey.db'))
    },
    line: 'cannot open the database x/latchkey.db: SQLITE_NOTADB',
  },
  'a device': {
    url: '/dev/null',
    make: () => {},
    line: 'cannot open the database /dev/null: it is no regular file',
  },
  'the database of another program': {
    url: 'x/places.db',
    make(place) {
      otherProgram(place, 'x/places.db')
      put(place, 'x/places.ledger.db', 'text')
    },
    line: 'cannot open the database x/places.db: it is another program’s',
  },
}

const COMMANDS = ['serve', 'migrate', 'client list', 'admin create']

describe.concurrent('LATCHKEY_DATABASE_URL', () => {
  it.each(Object.entries(DATABASES))(
    'is refused for %s, which every command leaves unchanged',
    async (_, foreign) => {
      const place = withVariables(await newPlace(), {
        LATCHKEY_DATABASE_URL: `file:${foreign.url}`,
      })
      foreign.make(place)
      const before = stateOf(place)
      for (const command of COMMANDS) {
        const { code, stderr } = await latchkey(place, command.split(' '))
        expect([command, code, stderr]).toEqual([command, 1, `latchkey: ${foreign.line}\n`])
        expect(stateOf(place)).toEqual(before)
      }
    },
  )

  it('may be an empty file, which a command that creates no database leaves empty', async () => {
    const place = withVariables(await newPlace(), { LATCHKEY_DATABASE_URL: 'file:x/empty' })
    put(place, 'x/empty', '')
    const before = stateOf(place)
    expect((await latchkey(place, ['client', 'list'])).code).toBe(1)
    expect(stateOf(place)).toEqual(before)
  })
})

describe.concurrent('foreign files beside a database', () => {
  it('keep their modes: a text as ledger, credentials without a secret, links', async () => {
    const place = await newPlace()
    expect((await latchkey(place, ['migrate'])).code).toBe(0)
    const kept = { 'data/ledger.db': 'text', 'data/ledger.db-wal': 'text', 'other.json': '{}' }
    for (const [path, content] of Object.entries(kept)) put(place, path, content)
    put(place, 'keys/admin.json', '{"name":"somebody"}')
    put(place, 'home/client.json', '{"client_secret":"x"}')
    symlinkSync('../home/client.json', join(place.directory, 'keys/admin.old.json'))
    const { code } = await latchkey(place, ['key', 'list'])
    expect(code).toBe(0)
    for (const path of [...Object.keys(kept), 'keys/admin.json', 'home/client.json']) {
      expect([path, lstatSync(join(place.directory, path)).mode & 0o777]).toEqual([path, 0o644])
    }
  })

  it('keep their modes behind a link in place of the credentials, which the log names', async () => {
    const place = withVariables(await newPlace(), {
      LATCHKEY_KEK: randomBytes(32).toString('base64url'),
      LATCHKEY_KEYS_DIR: 'linked',
    })
    put(place, 'home/client.json', '{"client_secret":"x"}')
    expect((await latchkey(place, ['migrate'])).code).toBe(0)
    put(place, 'other', null, 0o700)
    symlinkSync('../home/client.json', join(place.directory, 'other/admin.json'))
    const there = withVariables(place, { LATCHKEY_KEYS_DIR: 'other' })
    const { code, stderr } = await latchkey(there, ['key', 'list'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('the target of this link')])
    expect(lstatSync(join(place.directory, 'home/client.json')).mode & 0o777).toBe(0o644)
  })

  it.each([0o1777, 0o1700 | 0o055])(
    'keep the mode %o of a folder that users share',
    async (mode) => {
      const place = withVariables(await newPlace(), {
        LATCHKEY_DATABASE_URL: 'file:tmp/latchkey.db',
      })
      put(place, 'tmp', null, mode)
      expect((await latchkey(place, ['migrate'])).code).toBe(0)
      expect(lstatSync(join(place.directory, 'tmp')).mode & 0o7777).toBe(mode)
    },
  )
})

describe.concurrent('LATCHKEY_KEYS_DIR', () => {
  it.each(['.', './checkout', 'checkout/../checkout'])(
    'is refused for %s with other files, which stay unchanged',
    async (path) => {
      for (const mode of [0o700, 0o755]) {
        const place = withVariables(await newPlace(), { LATCHKEY_KEYS_DIR: path })
        for (const name of ['package.json', 'checkout/package.json']) put(place, name, '{}')
        for (const name of ['.', 'checkout']) chmodSync(join(place.directory, name), mode)
        const before = stateOf(place)
        for (const command of COMMANDS) {
          const { code, stderr } = await latchkey(place, command.split(' '))
          expect(code).toBe(1)
          expect(stderr).toMatch(
            command === 'client list' ? /there is no Latchkey database/ : /has other files/,
          )
          expect(stateOf(place)).toEqual(before)
        }
      }
    },
  )
})

describe.concurrent('key-encryption key that cannot be read or created', () => {
  it.each([
    ['keys', {}, /^latchkey: cannot make the key-encryption key keys\/kek: ENOTDIR\n$/],
    ['keys', { LATCHKEY_KEYS_DIR: 'keys/deeper' }, /cannot make .* keys\/deeper\/kek: ENOTDIR/],
    ['bad', { LATCHKEY_KEK_FILE: 'bad' }, /bad must hold 32 bytes/],
    ['bad', { LATCHKEY_KEK_FILE: 'nowhere' }, /the key-encryption key nowhere is missing/],
  ])('stops the start before any write: file %s, %j', async (name, variables, line) => {
    const place = withVariables(await newPlace(), variables)
    put(place, name, 'text', 0o600)
    const before = stateOf(place)
    for (const command of ['serve', 'migrate', 'admin create']) {
      const { code, stderr } = await latchkey(place, command.split(' '))
      expect([code, stderr]).toEqual([1, expect.stringMatching(line)])
      expect(stateOf(place)).toEqual(before)
    }
  })
})
