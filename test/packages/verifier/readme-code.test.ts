// Programs of resource servers in the READMEs, compiled against the built package.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ABOUT_SURROUNDINGS, compilePrograms, messagesAbout } from './compile-programs.ts'

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
  return [...text.matchAll(/^```(?:ts\n|js\n\/\/ api\.mjs\n)(.*?)^```$/gms)].map(
    ({ index, 1: code = '' }) => {
      const line = text.slice(0, index).split('\n').length
      return [`${path}:${line}`, code] as const
    },
  )
}

const BLOCKS = READMES.flatMap(blocksOf)

/** Messages of the compiler, each with the number of its block. */
const messages = compilePrograms(
  BLOCKS.map(([, code]) => `${code}\nexport {}\n`),
  SURROUNDINGS,
)

test('READMEs have programs, and the surrounding declarations compile', () => {
  expect(BLOCKS.length).toBeGreaterThan(10)
  expect(messages).not.toMatch(ABOUT_SURROUNDINGS)
})

test.each(BLOCKS.map(([name], i) => [name, i] as const))('program at %s compiles', (_, i) => {
  expect(messagesAbout(messages, i)).toEqual([])
})
