// Builds the package twice: ES modules in dist/, CommonJS in dist/cjs/. `jose` is an ES module, which Jest and Node
// before 20.19 cannot load from CommonJS, so that the CommonJS build has what it uses of it inside.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const HOME = fileURLToPath(new URL('.', import.meta.url))
const ESM = `${HOME}dist/`
const COMMONJS = `${HOME}dist/cjs/`
const TSC = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))

/** Paths below a folder that end so; dist/cjs/ is left out of dist/. */
const filesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true }).filter(
    (path) => path.endsWith(ending) && !(folder === ESM && path.startsWith('cjs')),
  )

/** TypeScript before 5.0 finds no file by the ending `.ts`, and types a missing file as `any`. */
const readableByAll = (declarations) => declarations.replace(/(['"]\.\.?\/[\w/-]+)\.ts(?=['"])/g, '$1.js')

const compile = (project) =>
  execFileSync(process.execPath, [TSC, '-p', `${HOME}${project}`], { stdio: ['ignore', 'inherit', 'inherit'] })

const writeDeclarations = () => {
  for (const path of filesIn(ESM, '.d.ts')) {
    const text = readableByAll(readFileSync(ESM + path, 'utf8'))
    // The package.json of dist/cjs/ makes compilers read the second copy as CommonJS.
    for (const folder of [ESM, COMMONJS]) writeFileSync(folder + path, text)
  }
}

/** Puts a file in the place of the package `jose`. @returns the names that the build uses of it */
const replaceJose = () => {
  const used = new Set()
  for (const path of filesIn(COMMONJS, '.js')) {
    const text = readFileSync(COMMONJS + path, 'utf8')
    for (const [, member] of text.matchAll(/\bjose_\d+\.(\w+)/g)) used.add(member)
    const toRoot = path.includes('/') ? '../' : './'
    writeFileSync(COMMONJS + path, text.replace('require("jose")', `require("${toRoot}jose.js")`))
  }
  return [...used].toSorted()
}

const bundleJose = async (used) => {
  const home = new URL('.', import.meta.resolve('jose/package.json'))
  const { version } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8'))
  const license = readFileSync(new URL('LICENSE.md', home), 'utf8').trim()
  await build({
    stdin: { contents: `export { ${used.join(', ')} } from 'jose'`, resolveDir: HOME },
    outfile: `${COMMONJS}jose.js`,
    bundle: true,
    format: 'cjs',
    platform: 'neutral',
    target: 'es2022',
    banner: { js: `/*! From jose ${version}:\n\n${license}\n*/` },
    logLevel: 'warning',
  })
}

compile('tsconfig.json')
compile('tsconfig.commonjs.json')
writeDeclarations()
await bundleJose(replaceJose())
writeFileSync(`${COMMONJS}package.json`, '{ "type": "commonjs" }\n')
