// Programs in the READMEs, compiled against the built package.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

/**
 * Names from outside a block: from the block before it, or from the reader's program. All other
 * names are imported.
 */
const SURROUNDINGS = `
type Package = typeof import('@latchkey/verifier')
declare const verifier: import('@latchkey/verifier').Verifier
declare const requirePermission: ReturnType<typeof import('@latchkey/verifier/hono').honoAdapter>
declare const governs: ReturnType<ReturnType<Package['requestAdapter']>>
declare const plugin: ReturnType<Package['fromQuery']>
declare const app: import('hono').Hono<import('@latchkey/verifier/hono').TokenEnv>
declare const handler: import('hono').Handler
declare const request: Request
declare const bearer: string | null
declare const required: import('@latchkey/verifier').Requirements
declare const ctx: { waitUntil(work: Promise<unknown>): void }
`

const READMES = ['README.md', 'src/verifier/README.md']

const blocksOf = (path: string): (readonly [string, string])[] => {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = '' }) => {
    const line = text.slice(0, index).split('\n').length
    return [`${path}:${line}`, code] as const
  })
}

const BLOCKS = READMES.flatMap(blocksOf)

const folder = mkdtempSync(join(tmpdir(), 'latchkey-readme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Messages of the compiler, each with the number of its block. */
const said = ((): string => {
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'surroundings.d.ts'), SURROUNDINGS)
  BLOCKS.forEach(([, code], i) => writeFileSync(join(folder, `${i}.ts`), `${code}\nexport {}\n`))
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  try {
    const tsc = resolve('node_modules', 'typescript', 'bin', 'tsc')
    const run = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync(process.execPath, [tsc, '-p', '.'], run)
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
})()

test('READMEs have programs, and the surrounding declarations compile', () => {
  expect(BLOCKS.length).toBeGreaterThan(10)
  expect(said).not.toMatch(/^(?!\d+\.ts)\S.*error/m)
})

test.each(BLOCKS.map(([name], i) => [name, i] as const))('program at %s compiles', (_, i) => {
  expect(said.split('\n').filter((line) => line.startsWith(`${i}.ts(`))).toEqual([])
})
