import { describe, expect, it } from 'vitest'
import { importsOf, resolved, runtimeImports, sources } from './support/imports.ts'

const files = sources()
const graph = new Map([...files].map(([path, text]) => [path, runtimeImports(path, text)]))

/** Files that a file imports, type imports included. */
const imported = new Map(
  [...files].map(([path, text]) => [
    path,
    importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => resolved(path, specifier)),
  ]),
)

/** Packages that make up most of the start of a command. */
const HEAVY = /^(zod|drizzle-orm|better-sqlite3|jose|pino)/

const ENTRIES = ['node.ts', 'worker.ts', 'cli.ts']

/**
 * Layers of the server: a file imports only files of its own layer or of a later one, type imports
 * included. The types of stored values (`store/store.ts`, `store/types/`, `store/ledger.ts`) lie
 * below the code that decides about them.
 */
const LAYERS: readonly RegExp[] = [
  /^(node|worker|cli)\.ts$/,
  /^cli\//,
  /^node\//,
  /^app\.ts$/,
  /^admin\//,
  /^oauth\//,
  /^http\//,
  /^(upkeep\/|config\.ts$)/,
  /^((revocation|audit)\/|signing\/(?!algorithms)|deps\.ts$)/,
  /^store\/sqlite\//,
  /^store\/(steps\/|seed\.ts)/,
  /^store\/(tables\/|pause\.ts|conflicts\.ts)/,
  /^(grants\/|settings\/|text\/|store\/|signing\/algorithms|(clock|json|log|secret|constants|errors)\.ts$)/,
]

/**
 * Rooms of the verifier, from the bottom up: a file imports only files of its own room or of an earlier one, type imports
 * included.
 */
const VERIFIER_ROOMS: readonly RegExp[] = [
  /^verifier\/(codes|constants|eventual|sharing|url)\.ts$/,
  /^verifier\/net\//,
  /^verifier\/(errors|events|reasons)\.ts$/,
  /^verifier\/keys\//,
  /^verifier\/token\//,
  /^verifier\/revocation\//,
  /^verifier\/(types|options)\.ts$/,
  /^verifier\/adapters\//,
  /^verifier\/((authenticate|verifier)\.ts$|testing\/)/,
  /^verifier\/(index|internal)\.ts$/,
]

/** Packages of their own: they import `jose` and themselves. */
const OWN_PACKAGES = /^(verifier|client)\//

const filesAtRuntime = (path: string): readonly string[] => graph.get(path)?.files ?? []
const filesImported = (path: string): readonly string[] => imported.get(path) ?? []

/** Imports that a program loads with a file, without those that it loads later. */
const atStart = (path: string) =>
  runtimeImports(path, (files.get(path) ?? '').replaceAll(/\bimport\('/g, "later('"))
const filesAtStart = (path: string): readonly string[] => atStart(path).files

const layer = (path: string): number => LAYERS.findIndex((pattern) => pattern.test(path))

/** Files that importing one file leads to: when the program runs, or type imports included. */
const reachable = (from: string, next = filesAtRuntime): Set<string> => {
  const reached = new Set<string>()
  const waiting = [from]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    waiting.push(...next(path))
  }
  return reached
}

describe('the import graph', () => {
  it('includes every form of import', () => {
    const text = [
      "import a from './a.ts'",
      "import type { B } from './b.ts'",
      "import {\n  c,\n  type D,\n} from './c.ts'",
      "import './d.ts'",
      "export * from './e.ts'",
      "const f = await import('./f.ts')",
    ].join('\n')
    expect(importsOf(text)).toEqual([
      { specifier: './a.ts', typeOnly: false },
      { specifier: './b.ts', typeOnly: true },
      { specifier: './c.ts', typeOnly: false },
      { specifier: './d.ts', typeOnly: false },
      { specifier: './e.ts', typeOnly: false },
      { specifier: './f.ts', typeOnly: false },
    ])
  })

  it('has a layer for every file', () => {
    const own = (path: string) => OWN_PACKAGES.test(path)
    expect([...files.keys()].filter((path) => !own(path) && layer(path) < 0)).toEqual([])
  })

  it('separates the files of other packages from those of the server', () => {
    const folder = (path: string) => OWN_PACKAGES.exec(path)?.[0]
    const crossing = [...files].flatMap(([path, text]) =>
      importsOf(text)
        .filter(({ specifier }) => specifier !== 'jose')
        .map(({ specifier }) => (specifier.startsWith('.') ? resolved(path, specifier) : specifier))
        .filter((target) => folder(path) !== folder(target) || (folder(path) && !files.has(target)))
        .map((target) => `${path} → ${target}`),
    )
    expect(crossing).toEqual([])
  })

  it('runs downwards only, and to no entry, type imports included', () => {
    const upwards = [...imported].flatMap(([path, targets]) =>
      targets
        .filter((target) => layer(target) < layer(path) || ENTRIES.includes(target))
        .map((target) => `${path} → ${target}`),
    )
    expect(upwards).toEqual([])
  })

  it('gives every file of the verifier a room, and points from higher rooms to lower ones only', () => {
    const room = (path: string): number => VERIFIER_ROOMS.findIndex((files) => files.test(path))
    const own = [...imported].filter(([path]) => path.startsWith('verifier/'))
    expect(own.filter(([path]) => room(path) < 0).map(([path]) => path)).toEqual([])
    const upwards = own.flatMap(([path, targets]) =>
      targets.filter((target) => room(target) > room(path)).map((target) => `${path} → ${target}`),
    )
    expect(upwards).toEqual([])
  })

  it('has no circle, type imports included', () => {
    const circles = [...imported].filter(([path, targets]) =>
      targets.some((target) => reachable(target, filesImported).has(path)),
    )
    expect(circles.map(([path]) => path)).toEqual([])
  })

  it('has at most 12 loose files in src/', () => {
    expect([...files.keys()].filter((path) => !path.includes('/')).length).toBeLessThanOrEqual(12)
  })

  it.each(['app.ts', 'worker.ts', 'store/sqlite/d1.ts'])(
    'leads from %s to no module that Workers lack',
    (start) => {
      const packages = [...reachable(start)].flatMap((path) => graph.get(path)?.packages ?? [])
      const foreign = packages.filter(
        (name) =>
          !/^(node:crypto|@latchkey\/verifier(\/internal)?|hono(\/.*)?|jose(\/.*)?|zod|zod-openapi|drizzle-orm(\/(?!better-sqlite3).*)?)$/.test(
            name,
          ),
      )
      expect(foreign).toEqual([])
    },
  )

  it('leads from the thread of the ledger to its driver and no other package', () => {
    const packages = [...reachable('node/ledger/thread.ts')].flatMap(
      (path) => graph.get(path)?.packages ?? [],
    )
    const installed = packages.filter((name) => !name.startsWith('node:'))
    expect([...new Set(installed)]).toEqual(['better-sqlite3'])
  })

  it('leads from a command to no package of the server alone', () => {
    const packages = [...reachable('cli/client.ts')].flatMap(
      (path) => graph.get(path)?.packages ?? [],
    )
    expect(packages).toContain('commander')
    expect(packages.filter((name) => /^(hono|@hono|zod-openapi|prom-client)/.test(name))).toEqual(
      [],
    )
  })

  it.each([
    ...['client', 'secret', 'token', 'key', 'audit', 'resource', 'administrator', 'profile'].map(
      (noun) => `cli/${noun}.ts`,
    ),
    'cli/program.ts',
    'cli/remote/perform.ts',
  ])('loads neither schemas nor a database with %s', (start) => {
    const packages = [...reachable(start, filesAtStart)].flatMap((path) => atStart(path).packages)
    expect(packages).toContain('@latchkey/verifier/internal')
    expect(packages.filter((name) => HEAVY.test(name))).toEqual([])
  })

  it('loads neither schemas nor a database with the help of all commands', () => {
    const commands = filesAtRuntime('cli/program.ts')
    expect(commands).toContain('cli/database.ts')
    const loaded = new Set(commands.flatMap((path) => [...reachable(path, filesAtStart)]))
    const heavy = [...loaded].filter((path) =>
      atStart(path).packages.some((name) => HEAVY.test(name)),
    )
    expect(heavy).toEqual([])
  })

  it('reads the environment in the entries and the command line only', () => {
    const readers = [...files]
      .filter(([, text]) => text.includes('process.env'))
      .map(([path]) => path)
    expect(readers.filter((path) => layer(path) > 1)).toEqual([])
  })
})
