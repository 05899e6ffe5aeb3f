// The packed package alone in an empty project: it installs with nothing but jose, verifies a token, follows a list,
// and refuses the token that the list takes back.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, it } from 'vitest'

let project = ''

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })

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

/** An issuer that is asked over the network, as the package asks by itself. */
const NODE = `
import { createServer } from 'node:http'
import { check, createTestIssuer } from './check.js'

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
  ...['p', true, 'permission_missing', 'function', 'function', 'function'],
  ...['token_revoked', 'good', 'list', 1],
]

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: 'src/verifier',
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [first] = Object.values(JSON.parse(packed) as Record<string, { filename: string }>)
  // As an installation lays them out: the package as it was packed, and its one dependency.
  const home = join(project, 'node_modules', '@latchkey', 'verifier')
  mkdirSync(home, { recursive: true })
  run('tar', '-xzf', String(first?.filename), '-C', home, '--strip-components=1')
  cpSync('node_modules/jose', join(project, 'node_modules', 'jose'), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(project, 'check.js'), PROGRAM)
  writeFileSync(join(project, 'node.js'), NODE)
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

it('has one dependency, and no file that is not built from it', () => {
  const home = join(project, 'node_modules', '@latchkey', 'verifier')
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as object
  expect(Object.keys((manifest as { dependencies: object }).dependencies)).toEqual(['jose'])
  const files = run('tar', '-tzf', run('sh', '-c', 'ls *.tgz').trim())
    .trim()
    .split('\n')
  const allowed = /^package\/(package\.json|README\.md|LICENSE|dist\/[\w-]+\.(js|d\.ts))$/
  expect(files.filter((file) => !allowed.test(file))).toEqual([])
})

it('follows a list on Node, and ends by itself', () => {
  expect(JSON.parse(run(process.execPath, 'node.js'))).toEqual(SEEN)
})

it('follows a list in workerd, without its Node compatibility', async () => {
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: project },
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
