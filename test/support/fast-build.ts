// Copies the build beside packages that are bundled into one file each. A command otherwise loads 250 files of packages,
// which takes half of its 0.4 s of a core, and the tests start hundreds of processes. The copied files are unchanged.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILT = join(ROOT, 'dist')
const HOME = join(ROOT, 'node_modules', '.cache', 'latchkey-fast')
/** Package that loads a binary beside its own files, so it is linked. */
const NATIVE = 'better-sqlite3'

const modifiedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Tells whether the copy is of this build. In a copy of the tree (`npm run test:mutations`) it is of another one. */
const isCurrent = (): boolean => {
  const [copied, built] = [HOME, ROOT].map((folder) => modifiedAt(join(folder, 'dist/cli.js')))
  const installed = modifiedAt(join(ROOT, 'node_modules/.package-lock.json'))
  return copied === built && modifiedAt(join(HOME, 'node_modules')) > installed
}

/** Returns the folder of the built files that tests start. */
export const fastestBuild = (): string => (isCurrent() ? join(HOME, 'dist') : BUILT)

const IMPORTED = /^(?:import|export)\s*\{([^}]*)\}\s*from '([^'.][^']*)'/gm

/** Collects the names that the build imports, by package or part of a package. */
const importedNames = (): Map<string, Set<string>> => {
  const names = new Map<string, Set<string>>()
  for (const path of readdirSync(BUILT, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.js')) continue
    for (const [, list = '', from = ''] of readFileSync(join(BUILT, path), 'utf8').matchAll(
      IMPORTED,
    )) {
      const imported = list.split(',').map((one) => one.trim().split(' as ')[0] ?? '')
      names.set(from, new Set([...(names.get(from) ?? []), ...imported.filter(Boolean)]))
    }
  }
  return new Map([...names].filter(([from]) => !from.startsWith('node:') && from !== NATIVE))
}

const fileOf = (from: string): string => `${from.replaceAll(/\W/g, '-')}.mjs`

/** Bundles each package into a file. Common parts go into shared files. */
const bundlePackages = async (names: Map<string, Set<string>>): Promise<void> => {
  const entries = join(HOME, 'entries')
  mkdirSync(entries, { recursive: true })
  for (const [from, imported] of names) {
    writeFileSync(
      join(entries, fileOf(from)),
      `export { ${[...imported].join(', ')} } from '${from}'`,
    )
  }
  await build({
    entryPoints: [...names.keys()].map((from) => join(entries, fileOf(from))),
    outdir: join(HOME, 'node_modules', 'bundled'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Packages in CommonJS call `require` for modules of Node.js.
    banner: {
      js: `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
    },
    logLevel: 'warning',
  })
}

const packageOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

const writePackages = (names: Map<string, Set<string>>): void => {
  for (const name of new Set([...names.keys()].map(packageOf))) {
    const parts = [...names.keys()].filter((from) => packageOf(from) === name)
    const target = (from: string) => [`.${from.slice(name.length)}`, `./${fileOf(from)}`]
    const folder = join(HOME, 'node_modules', name)
    mkdirSync(folder, { recursive: true })
    const settings = { name, type: 'module', exports: Object.fromEntries(parts.map(target)) }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(settings))
    const bundled = `${name.includes('/') ? '../' : ''}../bundled`
    for (const from of parts) {
      writeFileSync(join(folder, fileOf(from)), `export * from '${bundled}/${fileOf(from)}'`)
    }
  }
}

/** Makes the copy, unless there is one of this build. */
export const makeFastBuild = async (): Promise<void> => {
  if (isCurrent()) return
  rmSync(HOME, { recursive: true, force: true })
  const names = importedNames()
  await bundlePackages(names)
  writePackages(names)
  symlinkSync(join(ROOT, 'node_modules', NATIVE), join(HOME, 'node_modules', NATIVE))
  for (const name of ['drizzle', 'examples', 'package.json'])
    symlinkSync(join(ROOT, name), join(HOME, name))
  cpSync(BUILT, join(HOME, 'dist'), { recursive: true, preserveTimestamps: true })
  if (!existsSync(join(HOME, 'dist', 'cli.js'))) throw new Error('there is no build to copy')
}
