// Optional folders that are read-only, missing or owned by another user. The key-encryption key
// comes from elsewhere.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { spareTemporaryFiles } from '../../src/store/sqlite/settings.ts'
import { send } from '../support/http.ts'
import { type Place, latchkey, newPlace, startShell, until } from '../support/processes.ts'
import { readyKeys } from '../support/ready-keys.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
const KEK = randomBytes(32).toString('base64url')
const AS_NOBODY = `setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$NODE" "$CLI"`

type Folders = {
  /** Prepares the keys folder, which is empty, owned by root, with mode 0755. */
  keys: (path: string, place: Place) => void
  variables?: Record<string, string>
}

const FOLDERS: Record<string, Folders> = {
  'a read-only keys folder': { keys: (path) => chmodSync(path, 0o555) },
  'a keys folder of another user': { keys: () => {} },
  'an inaccessible keys folder': {
    keys(path) {
      writeFileSync(join(path, 'admin.json'), '{}')
      chmodSync(path, 0o700)
    },
  },
  'readable credentials of another user': {
    keys: (path) => writeFileSync(join(path, 'admin.json'), '{}', { mode: 0o644 }),
  },
  'credentials of a third user': {
    keys(path) {
      writeFileSync(join(path, 'admin.json'), '{}', { mode: 0o644 })
      chownSync(join(path, 'admin.json'), 1, 1)
    },
  },
  'no keys folder in a read-only folder': { keys: (path) => rmSync(path, { recursive: true }) },
  'a file in place of the keys folder': {
    keys(path) {
      rmSync(path, { recursive: true })
      writeFileSync(path, '')
    },
  },
  'other files in the keys folder': { keys: (path) => writeFileSync(join(path, 'other'), '') },
  'a keys folder that cannot be created': {
    keys: () => {},
    variables: { LATCHKEY_KEYS_DIR: './missing/deeper/keys' },
  },
  'a key-encryption key in a file': {
    keys(path, { directory }) {
      chmodSync(path, 0o555)
      writeFileSync(join(directory, 'kek'), KEK, { mode: 0o440 })
      chownSync(join(directory, 'kek'), 0, NOBODY)
    },
    variables: { LATCHKEY_KEK: '', LATCHKEY_KEK_FILE: 'kek' },
  },
  'an existing key-encryption key in the keys folder': {
    keys(path) {
      writeFileSync(join(path, 'kek'), KEK, { mode: 0o400 })
      chownSync(join(path, 'kek'), NOBODY, NOBODY)
      chmodSync(path, 0o555)
    },
    variables: { LATCHKEY_KEK: '' },
  },
}

/** Makes a folder of root in which user 65534 may write `data` only. */
const placeWith = async ({ keys, variables = {} }: Folders): Promise<Place> => {
  const place = await newPlace({ LATCHKEY_KEK: KEK, ...readyKeys(), ...variables })
  for (const name of ['data', 'keys']) mkdirSync(join(place.directory, name), { mode: 0o755 })
  chownSync(join(place.directory, 'data'), NOBODY, NOBODY)
  keys(join(place.directory, 'keys'), place)
  chmodSync(place.directory, 0o755)
  return place
}

const run = (place: Place, command: string) => startShell(place, `exec ${AS_NOBODY} ${command}`)

const namesIn = (path: string): string[] => (existsSync(path) ? readdirSync(path, 'utf8') : [])

const serveOnce = async (place: Place): Promise<string> => {
  const server = run(place, 'serve')
  await until('an answer', async () => {
    if (server.child.exitCode !== null) throw new Error(server.said.stderr)
    return (await send(`${place.url}/readyz`).catch(() => null))?.status === 200
  })
  server.child.kill('SIGTERM')
  const { code, stdout } = await server.ended
  expect(code).toBe(0)
  return stdout
}

describe.skipIf(!isRoot)('process of another user (needs root to start one)', () => {
  it.each(Object.entries(FOLDERS))('serves and administers with %s', async (_, folders) => {
    const served = await placeWith(folders)
    const before = namesIn(served.directory)
    const msg = 'no administrator was made; make one with: latchkey admin create'
    expect(await serveOnce(served)).toContain(msg)
    const made = await run(served, 'admin create --json').ended
    expect([made.code, JSON.parse(made.stdout)]).toMatchObject([0, { client_secret: /^lks_/ }])
    expect(namesIn(served.directory)).toEqual(before)

    for (const command of ['migrate', 'admin create']) {
      const fresh = await placeWith(folders)
      const { code, stderr } = await run(fresh, command).ended
      expect([command, code, stderr.replaceAll(/^\{.*\}\n/gm, '')]).toEqual([command, 0, ''])
      expect(namesIn(join(fresh.directory, 'data'))).toContain('latchkey.db')
    }
  })

  it('does not start without a key-encryption key in a read-only keys folder', async () => {
    const place = await placeWith({ keys: () => {}, variables: { LATCHKEY_KEK: '' } })
    for (const command of ['serve', 'migrate', 'admin create']) {
      const { code, stderr } = await run(place, command).ended
      expect(code).toBe(1)
      expect(stderr).toBe('latchkey: cannot make the key-encryption key keys/kek: EACCES\n')
      expect(namesIn(join(place.directory, 'data'))).toEqual([])
    }
  })
})

it('first start of two workers logs once that no administrator was created', async () => {
  const place = await newPlace({ LATCHKEY_KEK: KEK, LATCHKEY_WORKERS: '2' })
  writeFileSync(join(place.directory, 'keys'), '')
  const server = startShell(place, 'exec "$NODE" "$CLI" serve')
  await until('the workers', () => server.said.stdout.split('"listening"').length > 2)
  server.child.kill('SIGTERM')
  const { stdout } = await server.ended
  expect(stdout.split('no administrator was made')).toHaveLength(2)
  expect((await latchkey(place, ['admin', 'create'])).code).toBe(0)
})

const hasMounts = spawnSync('unshare', ['--mount', 'true']).status === 0

it.skipIf(!hasMounts)(
  'commands work on a read-only root with a writable data folder (needs unshare)',
  async () => {
    const place = await newPlace({ LATCHKEY_KEK: KEK, PATH: process.env['PATH'] ?? '' })
    const data = join(place.directory, 'data')
    mkdirSync(data)
    const commands = ['migrate', 'admin create', 'client create --name a', 'audit verify']
    const steps = [
      `mount -t tmpfs -o mode=0700 none ${data}`,
      `for m in $(awk '{print $2}' /proc/mounts); do case $m in /proc*|/sys*|/dev|/dev/pts*|${data}) ;; *) mount -o remount,bind,ro $m;; esac; done`,
      'if touch written 2>/dev/null; then exit 9; fi',
      ...commands.map((command) => `"$NODE" "$CLI" ${command} >/dev/null`),
      'test -f data/latchkey.db',
    ]
    const { code, stderr } = await startShell(
      place,
      `unshare --mount sh -e -c '${steps.join('\n').replaceAll("'", `'\\''`)}'`,
    ).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  },
)

it.each([
  ['/proc/none', 2],
  ['/tmp', 0],
] as const)('spareTemporaryFiles for the folder %s sets the mode %d', (folder, mode) => {
  const client = new BetterSqlite3(':memory:')
  spareTemporaryFiles(client, folder)
  expect(client.pragma('temp_store', { simple: true })).toBe(mode)
  client.close()
})
