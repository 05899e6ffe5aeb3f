// Packed package alone in an empty project: it installs with jose alone, verifies a token, follows
// a list, and refuses a token after its revocation.
import { readFileSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { build, transformSync } from 'esbuild'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { type Installed, installPackage } from './installed.ts'
import { PUBLIC_NAMES } from './public-names.ts'

let installed: Installed

/** This Node, and those that LATCHKEY_NODES lists by path. */
const NODES = [process.execPath, ...(process.env['LATCHKEY_NODES'] ?? '').split(delimiter)].filter(
  (path) => path !== '',
)

const PROGRAM = `
import { createVerifier, VerificationError } from '@latchkey/verifier'
import { expressAdapter } from '@latchkey/verifier/express'
import { fastifyAdapter } from '@latchkey/verifier/fastify'
import { honoAdapter } from '@latchkey/verifier/hono'
import { createTestIssuer } from '@latchkey/verifier/testing'

/** How long a token that is taken back may still pass, in milliseconds. */
const LIMIT_MS = 5_000

export const check = async ({ issuer, fetch }) => {
  const verifier = createVerifier({ issuer: issuer.issuer, audience: 'hook', fetch })
  const codeOf = (token) =>
    verifier.verify(token, { permission: 'hook:track', plugin: 'p' }).then(() => 'good', (error) => error.code)
  const token = await issuer.token({ audience: 'hook', scope: 'hook:track', pluginId: 'p' })
  const other = await issuer.token({ audience: 'hook', scope: 'hook:track', pluginId: 'p' })
  const good = await verifier.verify(token, { permission: 'hook:track', plugin: 'p' })
  const bad = await verifier.verify(token, { permission: 'hook:govern', plugin: 'p' }).catch((error) => error)
  const adapters = [expressAdapter, fastifyAdapter, honoAdapter].map((adapter) => typeof adapter(verifier))
  await issuer.revoke({ jti: good.claims.jti })
  for (let waited = 0; waited < LIMIT_MS && (await codeOf(token)) === 'good'; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const codes = [await codeOf(token), await codeOf(other)]
  const { source, entries } = verifier.status().revocations
  verifier.close()
  return [good.pluginId, bad instanceof VerificationError, bad.code, ...adapters, ...codes, source, entries.jti]
}

export { createTestIssuer }
`

/** Issuer that is reached over the network, with the default fetch of the package. */
const NODE = `
import { createServer } from 'node:http'
import { check, createTestIssuer } from './check.js'

const main = async () => {
  let issuer
  const server = createServer(async (request, response) => {
    const answer = await issuer.fetch(issuer.issuer + request.url)
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = await createTestIssuer({ issuer: 'http://127.0.0.1:' + server.address().port })
  console.log(JSON.stringify(await check({ issuer })))
  server.closeAllConnections()
  server.close()
}
main()
`

const WORKER = `
import { check, createTestIssuer } from './check.js'

export default {
  fetch: async () => {
    const issuer = await createTestIssuer()
    return Response.json(await check({ issuer, fetch: issuer.fetch }))
  },
}
`

const SEEN = [
  'p',
  true,
  'permission_missing',
  'function',
  'function',
  'function',
  'token_revoked',
  'good',
  'list',
  1,
]

/** Errors, symbols and tokens of one build, given to the other. */
const BOTH = `
import { createRequire } from 'node:module'
import * as esm from '@latchkey/verifier'
import { tokenOf } from '@latchkey/verifier/express'
import { createTestIssuer } from '@latchkey/verifier/testing'

const require = createRequire(import.meta.url)
const cjs = require('@latchkey/verifier')
const { expressAdapter } = require('@latchkey/verifier/express')

const issuer = await createTestIssuer()
const options = { issuer: issuer.issuer, audience: 'hook', revocations: 'none', fetch: issuer.fetch }
const token = await issuer.token({ audience: 'hook', pluginId: 'p' })
const down = () => Promise.reject(new Error('down'))
const CASES = {
  TokenMissing: [{}, null, 'anyPlugin'],
  TokenInvalid: [{}, 'x', 'anyPlugin'],
  AccessDenied: [{}, token, 'noPlugin'],
  VerifierUnavailable: [{ fetch: down }, token, 'anyPlugin'],
}
const seen = [esm.TokenInvalid === cjs.TokenInvalid]
for (const [made, asked] of [[esm, cjs], [cjs, esm]]) {
  for (const [name, [others, bearer, word]] of Object.entries(CASES)) {
    const verifier = made.createVerifier({ ...options, ...others })
    const required = { permission: null, plugin: asked[word] }
    const error = await verifier.verify(bearer, required).catch((thrown) => thrown)
    const classes = [...Object.keys(CASES), 'VerificationError', 'KeysFailure']
    seen.push([name, ...classes.filter((known) => error instanceof asked[known])])
    seen.push(asked.errorResponse(error).status, error.cause instanceof asked.KeysFailure)
    class Own extends asked[name] {}
    seen.push(error instanceof Own)
  }
  const verifier = made.createVerifier({ ...options, plugins: 'none' })
  const { jti } = await verifier.verify(token, { permission: null, plugin: asked.noPlugin })
  seen.push(jti === (await made.createVerifier(options).verify(token, { permission: null, plugin: asked.anyPlugin })).jti)
}
const req = { url: '/', headers: { authorization: 'Bearer ' + token }, rawHeaders: ['authorization', 'Bearer ' + token] }
await expressAdapter(cjs.createVerifier(options))(null, { plugin: cjs.anyPlugin })(req, {}, () => {})
seen.push(tokenOf(req).pluginId)
for (const nothing of [null, undefined, 'x', 1, {}, new Error('x')]) seen.push(nothing instanceof esm.VerificationError)
console.log(JSON.stringify(seen))
`

beforeAll(() => {
  installed = installPackage()
  const commonJs = (program: string) => transformSync(program, { format: 'cjs' }).code
  for (const [folder, type, programOf] of [
    ['esm', 'module', String],
    ['cjs', 'commonjs', commonJs],
  ] as const) {
    installed.write(`${folder}/package.json`, JSON.stringify({ type }))
    installed.write(`${folder}/check.js`, programOf(PROGRAM))
    installed.write(`${folder}/node.js`, programOf(NODE))
  }
  installed.write('esm/both.js', BOTH)
})
afterAll(() => installed.remove())

it('package has one dependency and built files only', () => {
  const manifest = JSON.parse(readFileSync(join(installed.home, 'package.json'), 'utf8')) as object
  expect(Object.keys((manifest as { dependencies: object }).dependencies)).toEqual(['jose'])
  const allowed =
    /^package\/(package\.json|README\.md|LICENSE|dist\/(cjs\/)?([a-z]+\/)?[\w-]+\.(js|d\.ts)|dist\/cjs\/package\.json)$/
  expect(installed.packed.filter((file) => !allowed.test(file))).toEqual([])
})

it('package names existing files for each entry and resolution', () => {
  const text = readFileSync(join(installed.home, 'package.json'), 'utf8')
  const named = [...text.matchAll(/"\.\/(dist\/[^"]+)"/g)].map(([, path]) => `package/${path}`)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((path) => !installed.packed.includes(path))).toEqual([])
  const { exports, typesVersions } = JSON.parse(text) as {
    exports: Record<string, object>
    typesVersions: { '*': object }
  }
  // Resolution without `exports` finds the types of each entry, too.
  const subpaths = Object.keys(exports).flatMap((path) => /^\.\/(\w+)$/.exec(path)?.[1] ?? [])
  expect(Object.keys(typesVersions['*'])).toEqual(subpaths)
})

it('CommonJS build loads no ES module and names the license of its third-party code', () => {
  const folder = join(installed.home, 'dist', 'cjs')
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(texts.length).toBeGreaterThan(20)
  const required = texts.flatMap((text) =>
    [...text.matchAll(/\brequire\(([^)]*)\)|\bimport\(/g)].map(([, path = 'import']) => path),
  )
  expect(required.filter((path) => !/^"\.\.?\/[\w/-]+\.js"$/.test(path))).toEqual([])
  const { version } = JSON.parse(readFileSync('node_modules/jose/package.json', 'utf8')) as {
    version: string
  }
  const jose = readFileSync(join(folder, 'jose.js'), 'utf8')
  expect(jose).toContain(`From jose ${version}:`)
  expect(jose).toContain('The above copyright notice and this permission notice')
})

it('declarations name neither jose nor TypeScript files', () => {
  const reached = new Set<string>()
  const waiting = [
    'index.d.ts',
    'testing/issuer.d.ts',
    ...['express', 'fastify', 'hono'].map((name) => `adapters/${name}.d.ts`),
  ]
  const packages: string[] = []
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue
    reached.add(name)
    const text = readFileSync(join(installed.home, 'dist', name), 'utf8')
    for (const [, path = ''] of text.matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)) {
      const file = /^(\.\.?\/[\w/-]+)\.js$/.exec(path)?.[1]
      if (file === undefined) packages.push(path)
      else waiting.push(`${join(dirname(name), file)}.d.ts`)
    }
  }
  expect(reached.size).toBeGreaterThan(20)
  expect(packages).toEqual([])
})

/** Names that a declaration file exports. */
const exportedTypes = (text: string): string[] => [
  ...[...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.replace(/^\s*(type )?/, '').trim()),
  ),
  ...[...text.matchAll(/^export declare (?:const|class) (\w+)/gm)].map(([, name = '']) => name),
  ...[...text.matchAll(/^export type (\w+)/gm)].map(([, name = '']) => name),
]

describe.each(Object.entries(PUBLIC_NAMES))('public names of %s', (entry, { values, types }) => {
  const list = (load: string) =>
    `${load}.then((loaded) => console.log(JSON.stringify(Object.keys(loaded))))`

  test.each([
    ['ES module', 'esm', `import('${entry}')`],
    ['CommonJS', 'cjs', `Promise.resolve(require('${entry}'))`],
  ])('are the values of its %s', (_, folder, load) => {
    installed.write(`${folder}/names.js`, list(load))
    const names = JSON.parse(installed.run(process.execPath, `${folder}/names.js`)) as string[]
    expect(names.filter((name) => !name.startsWith('__')).toSorted()).toEqual(values)
  })

  test('are the names in its declarations', () => {
    const subpath = entry.replace('@latchkey/verifier', '.')
    const manifest = JSON.parse(readFileSync(join(installed.home, 'package.json'), 'utf8')) as {
      exports: Record<string, { types: string }>
    }
    const declarations = manifest.exports[subpath]?.types ?? ''
    const text = readFileSync(join(installed.home, declarations), 'utf8')
    expect(exportedTypes(text).filter(Boolean).toSorted()).toEqual([...values, ...types].toSorted())
  })
})

describe.each(NODES)('package on %s', (node) => {
  it.each(['esm', 'cjs'])(
    'follows a list from the %s build and lets the process exit',
    (folder) => {
      expect(JSON.parse(installed.run(node, `${folder}/node.js`))).toEqual(SEEN)
    },
  )

  it('recognizes errors, symbols and tokens across both builds', () => {
    const refusals = (
      [
        ['TokenMissing', 401, false],
        ['TokenInvalid', 401, false],
        ['AccessDenied', 403, false],
        ['VerifierUnavailable', 503, true],
      ] as const
    ).flatMap(([name, status, cause]) => [[name, name, 'VerificationError'], status, cause, false])
    const each = [...refusals, true]
    expect(JSON.parse(installed.run(node, 'esm/both.js'))).toEqual([
      false,
      ...each,
      ...each,
      'p',
      ...Array.from({ length: 6 }, () => false),
    ])
  })
})

it('package follows a list in workerd without Node compatibility', async () => {
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: join(installed.project, 'esm') },
    bundle: true,
    format: 'esm',
    write: false,
    conditions: ['workerd', 'worker', 'browser'],
  })
  const worker = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text ?? '',
    compatibilityDate: '2026-01-01',
  })
  try {
    const response = await worker.dispatchFetch('http://localhost/')
    expect(await response.json()).toEqual(SEEN)
  } finally {
    await worker.dispose()
  }
})
