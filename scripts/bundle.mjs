// Bundles the server into dist/: a few large files load in less time than 400 small ones. Modules that several entries
// use are in chunks, so that each class exists once in a process, and `instanceof` holds across entries. The source of
// the verifier is bundled, too (`paths` of tsconfig.json). Other packages stay outside: an update of one needs no build.
import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../dist/', import.meta.url))

/** Entries of the product: commands, exports, threads, and a module that the demo loads into its resource servers. */
const ENTRIES = [
  'app',
  'cli',
  'node',
  'worker',
  'node/ledger/thread',
  'node/rehearsal/thread',
  'cli/demo/orphan',
]
/** Modules that tests load from the build. */
const TESTED = ['config', 'cli/program', 'node/entry-point', 'node/ledger/writer', 'node/open']

/** The demo passes a setting to this entry in the query of its URL. */
const READS_OWN_URL = 'cli/demo/orphan.ts'

const OWN_URL = 'import.meta.url'

/** Modules whose `import.meta.url` is replaced. */
const placed = new Set()

/**
 * Makes `import.meta.url` the place that a module would have without a bundle: it finds migrations, examples and
 * threads from there. The replacement holds in files of dist/ itself, which `requireAtTop` checks.
 */
const keepPlaces = {
  name: 'places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const name = relative(SOURCES, path).replaceAll('\\', '/')
      if (!source.includes(OWN_URL) || name === READS_OWN_URL) return undefined
      placed.add(name)
      const place = `new URL('./${name.replace(/ts$/, 'js')}', ${OWN_URL}).href`
      return { contents: source.replaceAll(OWN_URL, place), loader: 'ts' }
    }),
}

/** @throws Error if a file in a folder of dist/ has a module whose place depends on it */
const requireAtTop = ({ outputs }) => {
  for (const [path, { inputs }] of Object.entries(outputs)) {
    const wrong = Object.keys(inputs).find((input) => placed.has(relative('src', input)))
    if (wrong !== undefined && dirname(path) !== 'dist') {
      throw new Error(`${path} has ${wrong}, which finds files by its own place in dist/`)
    }
  }
}

const { metafile } = await build({
  absWorkingDir: join(SOURCES, '..'),
  entryPoints: [...ENTRIES, ...TESTED].map((name) => join(SOURCES, `${name}.ts`)),
  outbase: SOURCES,
  outdir: OUTPUT,
  plugins: [keepPlaces],
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.3',
  packages: 'external',
  // `node --enable-source-maps` shows lines of src/. The maps do not repeat the sources.
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
})
requireAtTop(metafile)
