// Modes and owners of files are checked at every open: a restored backup has those of its archive.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, normalize } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Output,
  type Place,
  latchkey,
  newDirectory,
  newPlace,
  seededPlace,
  startServer,
  startShell,
  withVariables,
} from '../support/processes.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

let seeded: Place
beforeAll(async () => {
  seeded = await seededPlace()
})

/** Copies a place as an archive program restores it: every folder 0755 and every file 0644. */
const restoredCopy = async (): Promise<Place> => {
  const place = { ...(await newPlace()), directory: newDirectory() }
  cpSync(seeded.directory, place.directory, { recursive: true })
  const sidecars = ['latchkey.db-wal', 'latchkey.db-shm', 'ledger.db', 'ledger.db-wal']
  for (const name of sidecars) writeFileSync(join(place.directory, 'data', name), '', { flag: 'a' })
  for (const folder of ['data', 'keys']) {
    const path = join(place.directory, folder)
    chmodSync(path, 0o755)
    for (const name of readdirSync(path)) chmodSync(join(path, name), 0o644)
  }
  chmodSync(join(place.directory, 'keys', 'kek'), 0o600)
  return place
}

const modeOf = (place: Place, path: string): string =>
  (statSync(join(place.directory, path)).mode & 0o7777).toString(8)

const PRIVATE = ['data/latchkey.db', 'data/ledger.db', 'keys/admin.json']

type Warning = { path: string; mode: string; now?: string; msg: string }

const warningsIn = (text: string): Warning[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"mode"'))
    .map((line) => JSON.parse(line) as Warning)
    .map((line) => ({ ...line, path: normalize(line.path) }))

const warnings = ({ stderr }: Output): Warning[] => warningsIn(stderr)

const REPAIRED = 'other users had access to this path; its mode was repaired'

describe.concurrent('files that other users can read', () => {
  it('are repaired by a command, which names each', async () => {
    const place = await restoredCopy()
    const output = await latchkey(place, ['key', 'list', '--json'])
    expect(output.code).toBe(0)
    for (const path of PRIVATE) {
      expect(modeOf(place, path)).toBe('600')
      expect(warnings(output)).toContainEqual(
        expect.objectContaining({ path, mode: '0644', now: '0600', msg: REPAIRED }),
      )
    }
    for (const path of ['data', 'keys']) {
      expect(modeOf(place, path)).toBe('700')
      expect(warnings(output)).toContainEqual(
        expect.objectContaining({ path, mode: '0755', now: '0700', msg: REPAIRED }),
      )
    }
    expect(warnings(await latchkey(place, ['key', 'list']))).toEqual([])
  })

  it.each(['1', '2'])('are repaired by a server of %s processes, which logs each', async (n) => {
    const place = withVariables(await restoredCopy(), { LATCHKEY_WORKERS: n })
    const server = await startServer(place)
    const named = warningsIn(server.said.stdout).filter(({ msg }) => msg === REPAIRED)
    const paths = named.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining([...PRIVATE, 'data', 'keys']))
    for (const name of readdirSync(join(place.directory, 'data'))) {
      expect([name, modeOf(place, `data/${name}`)]).toEqual([name, '600'])
    }
    await server.stop()
  })

  it('are no error in a folder from a clone of the repository', async () => {
    const place = await newPlace()
    const folder = join(place.directory, 'keys')
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, '.gitignore'), '*\n')
    const server = await startServer(place)
    expect(modeOf(place, 'keys')).toBe('700')
    const levels = server.log().map(({ level }) => level)
    expect(levels.filter((level) => level !== 30)).toEqual([])
    expect(warningsIn(server.said.stdout)).toEqual([
      expect.objectContaining({ path: 'keys', mode: '0755', now: '0700' }),
    ])
    await server.stop()
  })

  it('are repaired in a folder with other files, and the folder stays unchanged', async () => {
    const place = withVariables(await restoredCopy(), {
      LATCHKEY_DATABASE_URL: 'file:./latchkey.db',
    })
    for (const suffix of ['', '-wal', '-shm']) {
      const name = `latchkey.db${suffix}`
      renameSync(join(place.directory, 'data', name), join(place.directory, name))
    }
    chmodSync(place.directory, 0o777)
    const output = await latchkey(place, ['key', 'list'])
    expect(output.code).toBe(0)
    expect(modeOf(place, 'latchkey.db')).toBe('600')
    expect(modeOf(place, '.')).toBe('777')
    const msg = 'other users can replace files in this folder'
    expect(warnings(output)).toContainEqual(
      expect.objectContaining({ path: '.', mode: '0777', msg }),
    )
  })
})

const kekOf = (place: Place, mode: number): string => {
  const path = join(place.directory, 'keys', 'kek')
  chmodSync(path, mode)
  return path
}

const expectKeyRefused = (output: Output, mode: string): void => {
  expect(output.code).toBe(1)
  expect(output.stderr).toMatch(new RegExp(`the key-encryption key \\S+ has mode ${mode}: .*chmod`))
}

describe.concurrent('key-encryption key', () => {
  it.each(['0666', '0644', '0640', '0620', '0660', '0604', '0602', '0601', '0610'])(
    'stops every start with mode %s in the keys folder, and keeps its mode',
    async (mode) => {
      const place = await restoredCopy()
      const path = kekOf(place, parseInt(mode, 8))
      expectKeyRefused(await latchkey(place, ['key', 'list']), mode)
      expect(statSync(path).mode & 0o777).toBe(parseInt(mode, 8))
    },
  )

  it.each(['0600', '0400'])('is read with mode %s', async (mode) => {
    const place = await restoredCopy()
    kekOf(place, parseInt(mode, 8))
    expect((await latchkey(place, ['key', 'list'])).code).toBe(0)
  })

  // Kubernetes mounts a secret as links to a folder, with files of root.
  it.each([
    ['0440', 0],
    ['0640', 0],
    ['0400', 0],
    ['0444', 1],
    ['0644', 1],
    ['0460', 1],
    ['0666', 1],
  ] as const)('mounted by root with mode %s ends with code %d', async (mode, code) => {
    const place = await restoredCopy()
    const mount = join(place.directory, 'mount')
    mkdirSync(join(mount, '..data'), { recursive: true })
    renameSync(kekOf(place, parseInt(mode, 8)), join(mount, '..data', 'kek'))
    symlinkSync('..data/kek', join(mount, 'kek'))
    const named = withVariables(place, { LATCHKEY_KEK_FILE: 'mount/kek' })
    const output = await latchkey(named, ['key', 'list'])
    if (isRoot || code === 1) expect(output.code).toBe(code)
    if (code === 1) expectKeyRefused(output, mode)
  })
})

/**
 * Modes of the folders of a key file, the file, a link to it, and the folder that the refusal
 * names; null when the key is read.
 */
const WAYS: [way: Record<string, number>, file: string, link: string | null, bad: string | null][] =
  [
    [{ secrets: 0o700 }, 'secrets/kek', null, null],
    [{ secrets: 0o755 }, 'secrets/kek', null, null],
    [{ secrets: 0o777 }, 'secrets/kek', null, 'secrets'],
    [{ secrets: 0o770 }, 'secrets/kek', null, 'secrets'],
    [{ secrets: 0o722 }, 'secrets/kek', null, 'secrets'],
    [{ secrets: 0o1777 }, 'secrets/kek', null, null],
    [{ open: 0o777, 'open/safe': 0o700 }, 'open/safe/kek', null, 'open'],
    [{ open: 0o775, 'open/safe': 0o700 }, 'open/safe/kek', null, null],
    [{ secrets: 0o700, open: 0o777 }, 'secrets/kek', 'open/link', 'open'],
    [{ secrets: 0o700, open: 0o775 }, 'secrets/kek', 'open/link', 'open'],
    [{ secrets: 0o777, own: 0o700 }, 'secrets/kek', 'own/link', 'secrets'],
    [{ secrets: 0o700, own: 0o700 }, 'secrets/kek', 'own/link', null],
    [{ secrets: 0o755, mount: 0o1777 }, 'secrets/kek', 'mount/link', null],
  ]

describe.concurrent('folders of a named key-encryption key', () => {
  it.each(WAYS)('%j of %s by link %s: refused %s', async (modes, file, link, bad) => {
    const place = await restoredCopy()
    const at = (path: string): string => join(place.directory, path)
    for (const path of Object.keys(modes)) mkdirSync(at(path))
    renameSync(kekOf(place, 0o600), at(file))
    if (link !== null) symlinkSync(`../${file}`, at(link))
    for (const [path, mode] of Object.entries(modes)) chmodSync(at(path), mode)
    const named = withVariables(place, { LATCHKEY_KEK_FILE: link ?? file })
    const { code, stderr } = await latchkey(named, ['key', 'list'])
    expect(code).toBe(bad === null ? 0 : 1)
    if (bad !== null) {
      expect(stderr).toContain('can be replaced by other users of this machine')
      expect(stderr).toContain(`run: chmod go-w ${realpathSync(at(bad))}`)
    }
    for (const [path, mode] of Object.entries(modes))
      expect(modeOf(place, path)).toBe(mode.toString(8))
  })

  it('stop the start through a link to one of them', async () => {
    const place = await restoredCopy()
    const at = (path: string): string => join(place.directory, path)
    mkdirSync(at('open'))
    symlinkSync('../keys', at('open/keys'))
    kekOf(place, 0o600)
    chmodSync(at('open'), 0o777)
    const named = withVariables(place, { LATCHKEY_KEK_FILE: 'open/keys/kek' })
    expect((await latchkey(named, ['key', 'list'])).code).toBe(1)
    chmodSync(at('open'), 0o755)
    expect((await latchkey(named, ['key', 'list'])).code).toBe(0)
  })

  it.skipIf(!isRoot)(
    'stop the start when a third user owns a link in a sticky folder',
    async () => {
      const place = await newPlace({ LATCHKEY_KEK_FILE: 'shared/link' })
      const at = (path: string): string => join(place.directory, path)
      const asNobody = () =>
        startShell(
          place,
          `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$NODE" "$CLI" migrate`,
        ).ended
      for (const path of ['.', 'own', 'shared']) mkdirSync(at(path), { recursive: true })
      writeFileSync(at('own/kek'), randomBytes(32).toString('base64url'), { mode: 0o600 })
      symlinkSync('../own/kek', at('shared/link'))
      for (const path of ['.', 'own', 'own/kek']) chownSync(at(path), NOBODY, NOBODY)
      chmodSync(at('shared'), 0o1777)
      lchownSync(at('shared/link'), 1, 1)
      const { code, stderr } = await asNobody()
      expect([code, stderr]).toEqual([1, expect.stringContaining('can be replaced by other users')])
      lchownSync(at('shared/link'), NOBODY, NOBODY)
      expect((await asNobody()).code).toBe(0)
    },
  )
})

describe('keys folder', () => {
  it('stops the start when other users may write to it and it is not repaired', async () => {
    const place = await restoredCopy()
    writeFileSync(join(place.directory, 'keys', 'notes'), '')
    expect((await latchkey(place, ['key', 'list'])).code).toBe(0)
    chmodSync(join(place.directory, 'keys'), 0o777)
    const { code, stderr } = await latchkey(place, ['key', 'list'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('can be replaced by other users')])
  })
})

describe.skipIf(!isRoot)('process of another user (needs root to start one)', () => {
  const asNobody = (place: Place) =>
    startShell(
      place,
      `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$NODE" "$CLI" key list`,
    ).ended

  /** Makes a place of user 65534 with its key-encryption key in the environment. */
  const placeOfNobody = async (): Promise<Place> => {
    const place = await newPlace({ LATCHKEY_KEK: randomBytes(32).toString('base64url') })
    await latchkey(place, ['migrate'])
    const own = (path: string): void => chownSync(join(place.directory, path), NOBODY, NOBODY)
    for (const path of ['.', 'data', 'keys']) own(path)
    for (const name of readdirSync(join(place.directory, 'data'))) own(`data/${name}`)
    return place
  }

  it('opens its own files', async () => {
    expect((await asNobody(await placeOfNobody())).code).toBe(0)
  })

  it('refuses a database of a third user, and names both users', async () => {
    const place = await placeOfNobody()
    const path = join(place.directory, 'data', 'latchkey.db')
    chownSync(path, 1, NOBODY)
    chmodSync(path, 0o660)
    const { code, stderr } = await asNobody(place)
    expect(code).toBe(1)
    expect(stderr).toContain(
      'data/latchkey.db belongs to user 1, and this process runs as user 65534',
    )
  })

  it('refuses a readable database of root, which it cannot repair', async () => {
    const place = await placeOfNobody()
    const path = join(place.directory, 'data', 'latchkey.db')
    chownSync(path, 0, NOBODY)
    chmodSync(path, 0o664)
    const { code, stderr } = await asNobody(place)
    expect(code).toBe(1)
    expect(stderr).toContain('data/latchkey.db has mode 0664 and cannot be changed (EPERM)')
  })
})
