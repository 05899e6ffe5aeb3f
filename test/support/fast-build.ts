// Bundles the built entry points with their packages. A process otherwise loads 400 files, which takes half of the 0.4 s of
// a core that a command costs, and the tests start hundreds of processes. The code is that of the build.
import { readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Plugin, build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILT = join(ROOT, 'dist')
const BUNDLED = join(ROOT, 'node_modules', '.cache', 'latchkey-test')
const ENTRIES = ['cli.js', 'node.js']

/** Rounds to milliseconds, because a copied time has no fraction of one. */
const modifiedAt = (folder: string): number =>
  Math.floor(statSync(join(folder, 'cli.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0)

const installedAt = (): number =>
  statSync(join(ROOT, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Tells whether the bundle is of this build. In a copy of the tree (`npm run test:mutations`) it is of another one. */
const isCurrent = (): boolean =>
  modifiedAt(BUNDLED) === modifiedAt(BUILT) && statSync(BUNDLED).ctimeMs > installedAt()

/** Returns the folder of the entry points that tests start. */
export const fastestBuild = (): string => (isCurrent() ? BUNDLED : BUILT)

/** Keeps the paths of files that are read beside a module: migrations, examples, the ledger's thread. */
const keepOwnUrls: Plugin = {
  name: 'own-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href)
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url) }
    }),
}

/** Makes the bundle, unless there is one of this build. */
export const makeFastBuild = async (): Promise<void> => {
  if (isCurrent()) return
  rmSync(BUNDLED, { recursive: true, force: true })
  await build({
    entryPoints: ENTRIES.map((name) => join(BUILT, name)),
    outdir: BUNDLED,
    plugins: [keepOwnUrls],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: ['better-sqlite3'], // it loads a binary beside its own files
    // Packages in CommonJS call `require` for modules of Node.js.
    banner: {
      js: `import * as nodeModule from 'node:module'\nconst require = nodeModule.createRequire(import.meta.url)`,
    },
    logLevel: 'warning',
  })
  const { atime, mtime } = statSync(join(BUILT, 'cli.js'))
  utimesSync(join(BUNDLED, 'cli.js'), atime, mtime)
}
