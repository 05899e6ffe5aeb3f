// Faults of the installation: every command reports them as such, and never as a fault of the
// database.
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { files } from '../support/database.ts'
import {
  ROOT,
  type Place,
  newDirectory,
  newPlace,
  seededPlace,
  start,
  withVariables,
} from '../support/processes.ts'

const DRIVER = 'node_modules/better-sqlite3'
const BINARY = `${DRIVER}/build/Release/better_sqlite3.node`

/** Copies the files of a release. Its packages are links, except for the driver. */
const copyInstallation = (): string => {
  const root = newDirectory()
  for (const name of ['package.json', 'dist', 'drizzle', 'examples']) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true })
  }
  mkdirSync(join(root, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.') || name === 'better-sqlite3') continue
    symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name))
  }
  cpSync(join(ROOT, DRIVER, 'lib'), join(root, DRIVER, 'lib'), { recursive: true })
  cpSync(join(ROOT, DRIVER, 'package.json'), join(root, DRIVER, 'package.json'))
  cpSync(join(ROOT, BINARY), join(root, BINARY))
  return root
}

/** Gives a binary the version of an older Node.js, in its name and in its table. */
const builtForOtherNode = (root: string): void => {
  const ours = Number(process.versions.modules)
  const table = (version: number): Buffer => {
    const bytes = Buffer.alloc(16)
    bytes.writeInt32LE(version)
    return bytes
  }
  const name = (version: number): Buffer => Buffer.from(`node_register_module_v${version}`)
  const bytes = readFileSync(join(root, BINARY))
  for (const form of [name, table]) {
    for (let at = bytes.indexOf(form(ours)); at !== -1; at = bytes.indexOf(form(ours), at + 1)) {
      form(ours - 7).copy(bytes, at)
    }
  }
  writeFileSync(join(root, BINARY), bytes)
}

const remove = (path: string) => (root: string) =>
  rmSync(join(root, path), { recursive: true, force: true })

/**
 * Removes a package that pino loads. Pino is copied, because a linked package finds packages beside
 * its target.
 */
const removeBesidePino = (name: string) => (root: string) => {
  const pino = join(root, 'node_modules', 'pino')
  rmSync(pino)
  cpSync(join(ROOT, 'node_modules', 'pino'), pino, { recursive: true })
  rmSync(join(root, 'node_modules', name))
}

/** `demoWorks`: the demo does without the broken part. */
type Fault = { harm: (root: string) => void; line: RegExp; onlyServe?: true; demoWorks?: true }

const REBUILD = 'npm rebuild better-sqlite3'
const FAULTS: Record<string, Fault> = {
  'a binary for another version of Node.js': {
    harm: builtForOtherNode,
    line: /better-sqlite3 was built for another version of Node.js than this one, v\d.* \(ERR_DLOPEN_FAILED\)/,
  },
  'a truncated binary': {
    harm: (root) => truncateSync(join(root, BINARY), 16),
    line: /better-sqlite3 cannot be loaded by Node.js v\d\S+ \(cut off\)/,
  },
  'a binary truncated in the middle': {
    harm: (root) => truncateSync(join(root, BINARY), statSync(join(root, BINARY)).size / 2),
    line: /better-sqlite3 cannot be loaded by Node.js v\d\S+ \(cut off\)/,
  },
  'a binary without its last byte': {
    harm: (root) => truncateSync(join(root, BINARY), statSync(join(root, BINARY)).size - 1),
    line: /better-sqlite3 cannot be loaded by Node.js v\d\S+ \(cut off\)/,
  },
  'a text as binary': {
    harm: (root) => writeFileSync(join(root, BINARY), 'not found'),
    line: /better-sqlite3 cannot be loaded by Node.js v\d\S+ \(ERR_DLOPEN_FAILED\)/,
  },
  'no binary': {
    harm: remove(`${DRIVER}/build`),
    line: /better-sqlite3 cannot be loaded by Node.js v\d\S+ \(no binary\)/,
  },
  'no driver': { harm: remove(DRIVER), line: /better-sqlite3 is missing \(ERR_MODULE_NOT_FOUND\)/ },
  'no loader of the driver': {
    harm: remove('node_modules/bindings'),
    line: /better-sqlite3 cannot be loaded by Node.js v\d\S+ \(MODULE_NOT_FOUND\)/,
  },
  'no commander': {
    harm: remove('node_modules/commander'),
    line: /commander is missing \(ERR_MODULE_NOT_FOUND\)/,
  },
  'no jose': {
    harm: remove('node_modules/jose'),
    line: /jose is missing \(ERR_MODULE_NOT_FOUND\)/,
  },
  'no thread of the log': {
    harm: removeBesidePino('thread-stream'),
    line: /thread-stream is missing \(MODULE_NOT_FOUND\)/,
    onlyServe: true, // other commands load the log when they have an error to write
    demoWorks: true, // it writes no log
  },
  'no stream of the log': {
    harm: removeBesidePino('sonic-boom'),
    line: /sonic-boom is missing \(MODULE_NOT_FOUND\)/,
    onlyServe: true,
    demoWorks: true,
  },
  'no HTTP server': {
    harm: remove('node_modules/@hono'),
    line: /@hono\/node-server is missing \(ERR_MODULE_NOT_FOUND\)/,
    onlyServe: true,
  },
}

const broken = ({ harm }: Fault): string => {
  const root = copyInstallation()
  harm(root)
  return root
}

const expectFault = async (root: string, place: Place, command: string, line: RegExp) => {
  const before = files(place)
  const script = join(root, 'dist', 'cli.js')
  const { code, stdout, stderr } = await start(place, command.split(' '), script).ended
  expect({ code, stdout }, `${command}: ${stderr}`).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^latchkey: the installation is broken: [^\n]+\n$/)
  expect(stderr).toMatch(line)
  expect(stderr.replace('ledger/thread.js', '')).not.toMatch(/database|ledger/)
  expect(files(place)).toEqual(before)
}

const NO_MIGRATIONS = /the migrations in \S+ cannot be read \(ENOENT\); install Latchkey anew/

/** Commands that create a database when there is none. */
const MAKING = ['serve', 'migrate', 'admin create']
const COMMANDS = ['serve', 'migrate', 'admin create', 'client list', 'demo']

let seeded: Place
beforeAll(async () => {
  seeded = await seededPlace()
})

describe('broken installation', () => {
  it.each(Object.entries(FAULTS))('is reported for %s', async (_, fault) => {
    const root = broken(fault)
    const commands = fault.onlyServe ? ['serve', 'demo'] : COMMANDS
    for (const command of commands.filter((name) => !(fault.demoWorks && name === 'demo'))) {
      await expectFault(root, seeded, command, fault.line)
    }
    const line = fault.onlyServe ? fault.line : new RegExp(REBUILD)
    await expectFault(root, withVariables(seeded, { LATCHKEY_WORKERS: '2' }), 'serve', line)
    await expectFault(root, await newPlace(), fault.onlyServe ? 'serve' : 'client list', line)
  })

  it('is reported without migrations', async () => {
    const root = copyInstallation()
    remove('drizzle/sqlite/meta')(root)
    for (const command of COMMANDS) await expectFault(root, seeded, command, NO_MIGRATIONS)
    for (const command of MAKING) await expectFault(root, await newPlace(), command, NO_MIGRATIONS)
  })

  it.each(['drizzle/sqlite', 'one migration'])(
    'is reported and creates nothing without %s',
    async (missing) => {
      const root = copyInstallation()
      const folder = join(root, 'drizzle', 'sqlite')
      const last = readdirSync(folder).findLast((name) => name.endsWith('.sql')) ?? ''
      rmSync(missing === 'one migration' ? join(folder, last) : folder, { recursive: true })
      for (const command of MAKING)
        await expectFault(root, await newPlace(), command, NO_MIGRATIONS)
    },
  )

  it.each(['ledger', 'rehearsal'])('is reported without the thread of the %s', async (room) => {
    const root = copyInstallation()
    remove(`dist/node/${room}/thread.js`)(root)
    const line = new RegExp(`dist/node/${room}/thread\\.js is missing`)
    for (const workers of ['1', '2']) {
      const place = withVariables(await newPlace(), { LATCHKEY_WORKERS: workers })
      await expectFault(root, place, 'serve', line)
    }
  })

  it('leaves the ledger in place when the binary breaks while the server runs', async () => {
    const root = copyInstallation()
    remove(`${DRIVER}/build`)(root)
    const { createLedgerWriter } = (await import(
      join(root, 'dist', 'node', 'ledger', 'writer.js')
    )) as typeof import('../../src/node/ledger/writer.ts')
    const path = join(newDirectory(), 'ledger.db')
    writeFileSync(path, 'kept')
    const warned: unknown[] = []
    const note = (...line: unknown[]): void => void warned.push(line)
    const log = { debug: note, info: note, warn: note, error: note }
    const writer = createLedgerWriter({ path, clock: () => Date.now(), log })
    await expect(writer.prune(0)).rejects.toMatchObject({ driverCode: 'DRIVER_UNUSABLE' })
    expect(readdirSync(dirname(path))).toEqual(['ledger.db'])
    expect(warned).toEqual([])
  })
})
