// The built program as it is shipped. The other tests of processes start a bundle of the same code (support/fast-build.ts).
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addHookClient } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { ROOT, newPlace, start, startServer } from '../support/processes.ts'

const built = (name: string): string => join(ROOT, 'dist', name)

const OUTCOMES: [command: string, code: number, stdout: RegExp, stderr: RegExp][] = [
  ['migrate', 0, /up to date/, /^$/],
  ['client list', 0, /^/, /^$/],
  ['client --help', 0, /Usage: latchkey client/, /^$/],
  ['client show lkc_nobody', 1, /^$/, /^latchkey: [^\n]+\n$/],
  ['client nonsense', 2, /^$/, /^error: /],
  ['nonsense', 2, /^$/, /^error: /],
]

/** Import and re-export of esbuild; the imports that a module makes later are left out. */
const IMPORT = /^(?:import|export)\s(?:[^'"();]*?\sfrom\s)?"([^"]+)";$/gm

/** Returns the files of dist/ and the packages that begin to load with these files. */
const loadedWith = (names: readonly string[]) => {
  const files = new Set<string>()
  const packages = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (files.has(name)) continue
    files.add(name)
    for (const [, specifier = ''] of readFileSync(built(name), 'utf8').matchAll(IMPORT)) {
      if (specifier.startsWith('.')) waiting.push(normalize(join(dirname(name), specifier)))
      else if (!specifier.startsWith('node:')) packages.add(specifier.replace(/\/.*/, ''))
    }
  }
  return { files: [...files], packages: [...packages].toSorted() }
}

/** Returns the file of a module that another one imports later. Its name ends with a hash. */
const later = (module: string): string => {
  const names = readdirSync(built('')).filter((name) => /-[0-9A-Z]{8}\.js$/.test(name))
  const own = names.filter((name) => name.slice(0, -'-01234567.js'.length) === module)
  expect(own, module).toHaveLength(1)
  return String(own[0])
}

/** Files that `client list` may load: a bundle that is lost has 150 of them. Each costs about half a millisecond. */
const MAX_FILES = 70

describe('built command line', () => {
  it('loads no package to print the version', () => {
    expect(loadedWith(['cli.js']).packages).toEqual([])
  })

  it('loads few files and no package of the server alone to list clients', () => {
    const commands = ['client', 'local'].map(later)
    const operations = ['clients', 'details'].map(later)
    const { files, packages } = loadedWith(['cli.js', 'cli/program.js', ...commands, ...operations])
    expect(files.length).toBeLessThanOrEqual(MAX_FILES)
    expect(packages).toEqual(['better-sqlite3', 'commander', 'drizzle-orm', 'jose', 'zod'])
  })

  it('ends with status 0 when done, 1 when refused and 2 for wrong usage', async () => {
    const place = await newPlace()
    for (const [command, code, stdout, stderr] of OUTCOMES) {
      const output = await start(place, command.split(' '), built('cli.js')).ended
      expect(output, command).toMatchObject({ code, signal: null })
      expect(output.stdout, command).toMatch(stdout)
      expect(output.stderr, command).toMatch(stderr)
    }
  })
})

describe.each(['cli.js', 'node.js'])('server built as %s', (name) => {
  it.each(['1', '2'])(
    'starts, issues a token and is drained on SIGTERM, with %s workers',
    async (workers) => {
      const place = await newPlace({ LATCHKEY_WORKERS: workers })
      const server = await startServer(place, built(name))
      const client = await addHookClient(place)
      const caller = createCaller(place.url)
      const token = await caller.issue(client)
      await caller.revoke(client, token)
      expect(await server.stop()).toMatchObject({ code: 0, signal: null, stderr: '' })
      expect(server.log().filter(({ msg }) => msg === 'stopped')).toHaveLength(Number(workers))
      expect(readdirSync(join(place.directory, 'data')).sort()).toEqual([
        'latchkey.db',
        'ledger.db',
      ])
    },
  )
})
