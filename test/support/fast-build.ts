// Bundles the built entry points with their packages, and keeps their compiled code. A process otherwise loads and compiles
// 400 files, which takes 0.2 s of the 0.33 s of a core that a command costs, and the tests start hundreds of processes. The
// code is that of the build.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Plugin, build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILT = join(ROOT, 'dist')
/** Trees that share their packages have a folder each. */
const NAME = `latchkey-test-${createHash('sha256').update(ROOT).digest('hex').slice(0, 8)}`
const BUNDLED = join(ROOT, 'node_modules', '.cache', NAME)
const ENTRIES = ['cli', 'node']

/** Files that change with each build or installation. */
const READ = [
  'dist/cli.js',
  'src/verifier/dist/cjs/package.json',
  'node_modules/.package-lock.json',
]
const STAMP = join(BUNDLED, 'stamp')

const modifiedAt = (path: string): number | undefined =>
  statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs

/** Names the build of a bundle. A copy of the tree (`npm run test:mutations`) shares its packages, and has another build. */
const stamp = (): string => [ROOT, ...READ.map(modifiedAt)].join(' ')

const isCurrent = (): boolean => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp()

/** Returns the folder of the entry points that tests start. */
export const fastestBuild = (): string => (isCurrent() ? BUNDLED : BUILT)

/** Keeps the paths of files that are read beside a module: migrations, examples, the ledger's thread. */
const keepOwnUrls: Plugin = {
  name: 'own-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href)
      const source = readFileSync(path, 'utf8').replaceAll('import.meta.url', url)
      // A CommonJS module has no `await` outside functions. The entry points await their last call only.
      return { contents: source.replace(/^await /m, 'void ') }
    }),
}

/** Source of a module that runs a bundle, with its compiled code if that is stored beside it. */
const starter = (name: string): string => `#!/usr/bin/env node
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, Script } from 'node:vm'
const path = (end) => new URL('${name}' + end, import.meta.url)
const script = new Script('(require) => {' + readFileSync(path('.cjs'), 'utf8').replace(/^#!.*/, '') + '\\n}', {
  filename: path('.cjs').pathname,
  cachedData: existsSync(path('.cache')) ? readFileSync(path('.cache')) : undefined,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
})
if (process.env.CREATE_CACHE === '1') process.on('exit', () => writeFileSync(path('.cache'), script.createCachedData()))
script.runInThisContext()(createRequire(import.meta.url))
`

/** Makes the bundles, unless they are of this build. */
export const makeFastBuild = async (): Promise<void> => {
  if (isCurrent()) return
  rmSync(BUNDLED, { recursive: true, force: true })
  await build({
    entryPoints: ENTRIES.map((name) => join(BUILT, `${name}.js`)),
    outdir: BUNDLED,
    outExtension: { '.js': '.cjs' },
    plugins: [keepOwnUrls],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    external: ['better-sqlite3'], // loads a binary beside its own files
    logLevel: 'warning',
  })
  writeFileSync(join(BUNDLED, 'package.json'), '{ "type": "module" }')
  for (const name of ENTRIES) writeFileSync(join(BUNDLED, `${name}.js`), starter(name))
  const environment = { ...process.env, CREATE_CACHE: '1' }
  execFileSync(process.execPath, [join(BUNDLED, 'cli.js'), '--help'], { env: environment })
  writeFileSync(STAMP, stamp())
  if (!isCurrent()) throw new Error('the build changed while it was bundled')
}
