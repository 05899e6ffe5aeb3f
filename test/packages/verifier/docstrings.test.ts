// Docstrings of the public names: each name has one, each function has an example, and each example
// compiles against the built package.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ABOUT_SURROUNDINGS, compilePrograms, messagesAbout } from './compile-programs.ts'
import { PUBLIC_NAMES } from './public-names.ts'

const SRC = 'src/verifier'

const files = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('dist'))
    .map((path) => [path, readFileSync(join(SRC, path), 'utf8')]),
)

type Declared = { path: string; doc: string | null; isFunction: boolean }

const DOC = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/

/** Declarations of an exported name. Express and Fastify have a `serveMetadata` each. */
const declarationsOf = (name: string): Declared[] =>
  [...files].flatMap(([path, text]) =>
    [
      ...text.matchAll(new RegExp(`^export (const|class|type) ${name}\\b(?!: unique)`, 'gm')),
      ...text.matchAll(new RegExp(`^export (const) ${name}: unique symbol`, 'gm')),
    ].map(({ index, 1: kind = '' }) => {
      const doc = DOC.exec(text.slice(0, index))?.[1] ?? null
      return { path, doc, isFunction: kind !== 'type' }
    }),
  )

const NAMES = Object.values(PUBLIC_NAMES).flatMap(({ values, types }) => [...values, ...types])

describe('docstring of a public name', () => {
  test.each([...new Set(NAMES)])('%s is there, with an example for a value', (name) => {
    const found = declarationsOf(name)
    expect(found.length).toBeGreaterThan(0)
    for (const { path, doc, isFunction } of found) {
      expect(doc, `${path} has no docstring of ${name}`).not.toBeNull()
      if (isFunction) expect(doc, `${path} has no example of ${name}`).toContain('@example')
    }
  })

  test.each([
    ['types.ts', ['verify', 'authorize', 'ready', 'status', 'close']],
    ['testing/issuer.ts', ['readonly token', 'readonly revoke']],
  ])('%s has an example for each method', (path, methods) => {
    const text = files.get(path) ?? ''
    for (const method of methods) {
      const at = new RegExp(`^  ${method}[(:]`, 'm').exec(text)?.index ?? -1
      expect(DOC.exec(text.slice(0, at))?.[1], method).toContain('@example')
    }
  })
})

test('type documentation covers every entry of the package', () => {
  const folder = 'scripts/api-docs'
  const { entryPoints } = JSON.parse(readFileSync(`${folder}/typedoc.json`, 'utf8')) as {
    entryPoints: string[]
  }
  const { exports } = JSON.parse(readFileSync(`${SRC}/package.json`, 'utf8')) as {
    exports: Record<string, { types?: string }>
  }
  const documented = Object.keys(PUBLIC_NAMES).map((entry) => {
    const { types = '' } = exports[entry.replace('@latchkey/verifier', '.')] ?? {}
    return join(SRC, types.replace(/^\.\/dist\//, '').replace(/\.d\.ts$/, '.ts'))
  })
  expect(entryPoints.map((path) => join(folder, path))).toEqual(documented)
})

type Example = { name: string; path: string; code: string }

const examplesOf = (path: string, text: string): Example[] =>
  [...text.matchAll(/^( *) \* @example\n((?:\1 \*(?:\n| .*\n))*?)(?=\1 \*\/|\1 \* @)/gm)].map(
    ({ index, 2: lines = '' }) => ({
      name: `${path}:${text.slice(0, index).split('\n').length}`,
      path,
      code: lines.replaceAll(/^ *\* ?/gm, ''),
    }),
  )

const EXAMPLES = [...files].flatMap(([path, text]) => examplesOf(path, text))

/** Names of the reader's program. */
const SURROUNDINGS = `
type Package = typeof import('@latchkey/verifier')
declare const verifier: import('@latchkey/verifier').Verifier
declare const bearer: string | null
declare const token: import('@latchkey/verifier').VerifiedToken
declare const error: import('@latchkey/verifier').VerificationError
declare const metadata: ReturnType<Package['protectedResourceMetadata']>
declare const testIssuer: import('@latchkey/verifier/testing').TestIssuer
declare const request: Request
declare const Hono: typeof import('hono').Hono
`

/** The application and its adapter in the examples of a file. */
const FRAMEWORKS: Readonly<Record<string, string>> = {
  express: `declare const app: import('express').Express
declare const requirePermission: ReturnType<typeof import('@latchkey/verifier/express').expressAdapter>`,
  fastify: `declare const app: import('fastify').FastifyInstance`,
  hono: `declare const app: import('hono').Hono<import('@latchkey/verifier/hono').TokenEnv>
declare const requirePermission: ReturnType<typeof import('@latchkey/verifier/hono').honoAdapter>`,
}

const frameworkOf = (path: string): string => {
  if (path === 'adapters/node-request.ts') return 'express'
  return Object.keys(FRAMEWORKS).find((name) => path === `adapters/${name}.ts`) ?? 'hono'
}

/** Imports of the names that an example uses: from its own entry first, then from the others. */
const importsOf = ({ path, code }: Example): string => {
  const own = `@latchkey/verifier/${frameworkOf(path)}`
  const entries = [own, ...Object.keys(PUBLIC_NAMES).filter((entry) => entry !== own)]
  const taken = new Set([...code.matchAll(/\bconst (\w+)\b/g)].map(([, name]) => name))
  return entries
    .map((entry) => {
      const { values = [], types = [] } = PUBLIC_NAMES[entry] ?? {}
      const used = (name: string) => new RegExp(`\\b${name}\\b`).test(code) && !taken.has(name)
      const names = [...values.filter(used), ...types.filter(used).map((name) => `type ${name}`)]
      for (const name of [...values, ...types].filter(used)) taken.add(name)
      return names.length === 0 ? '' : `import { ${names.join(', ')} } from '${entry}'\n`
    })
    .join('')
}

const programOf = (example: Example): string =>
  `${importsOf(example)}${FRAMEWORKS[frameworkOf(example.path)] ?? ''}
export const example = async (): Promise<unknown> => {
${example.code}
return undefined
}
`

/** Messages of the compiler, each with the number of its example. */
const messages = compilePrograms(EXAMPLES.map(programOf), SURROUNDINGS, {
  allowUnreachableCode: true,
})

describe('example in a docstring', () => {
  test('is found everywhere, and the surrounding declarations compile', () => {
    const written = [...files.values()].join('\n').split('* @example').length - 1
    expect(EXAMPLES).toHaveLength(written)
    expect(EXAMPLES.length).toBeGreaterThan(30)
    expect(messages).not.toMatch(ABOUT_SURROUNDINGS)
  })

  test.each(EXAMPLES.map(({ name }, i) => [name, i] as const))('%s compiles', (_, i) => {
    expect(messagesAbout(messages, i)).toEqual([])
  })
})
