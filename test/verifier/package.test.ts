// The packed package alone in an empty project: it installs with nothing but jose, and verifies a token.
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

export const check = async () => {
  const issuer = await createTestIssuer()
  const verifier = createVerifier({
    issuer: issuer.issuer, audience: 'hook', revocations: 'none', fetch: issuer.fetch,
  })
  const token = await issuer.token({ audience: 'hook', scope: 'hook:track', pluginId: 'p' })
  const good = await verifier.verify(token, { permission: 'hook:track', plugin: 'p' })
  const bad = await verifier.verify(token, { permission: 'hook:govern', plugin: 'p' }).catch((error) => error)
  const adapters = [expressAdapter, fastifyAdapter, honoAdapter].map((adapter) => typeof adapter(verifier))
  return [good.pluginId, bad instanceof VerificationError, bad.code, ...adapters]
}
`

const SEEN = ['p', true, 'permission_missing', 'function', 'function', 'function']

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

it('verifies a token on Node', () => {
  const script = `import('./check.js').then(({ check }) => check()).then((seen) => console.log(JSON.stringify(seen)))`
  expect(JSON.parse(run(process.execPath, '-e', script))).toEqual(SEEN)
})

it('verifies a token in workerd, without its Node compatibility', async () => {
  const entry = `import { check } from './check.js'
    export default { fetch: async () => Response.json(await check()) }`
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: project },
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
