// Programs of resource servers, compiled by several versions of TypeScript with each module
// resolution: the types are found, and none is `any`. TypeScript 7 is the project's, 5.9 comes with
// a dependency of it, and 4.9, 5.0 and the oldest types of Node are in the folder LATCHKEY_TOOLS
// (`npm i --prefix DIR typescript-4.9@npm:typescript@4.9.5`).
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Installed, installPackage, toolOf } from './installed.ts'

const USER = `
import { TokenInvalid, bearerOf, createVerifier, errorResponse, fromQuery, noPlugin } from '@latchkey/verifier'
import type { VerifiedToken } from '@latchkey/verifier'
import { expressAdapter, serveMetadata, tokenOf } from '@latchkey/verifier/express'
import { fastifyAdapter } from '@latchkey/verifier/fastify'
import { type TokenEnv, honoAdapter } from '@latchkey/verifier/hono'
import { createTestIssuer } from '@latchkey/verifier/testing'

const verifier = createVerifier({ issuer: 'https://auth.example', audience: 'hook' })
// @ts-expect-error no audience
createVerifier({ issuer: 'https://auth.example' })
const named = { plugin: fromQuery('plugin_id') }
export const guards = [
  expressAdapter(verifier)('hook:govern', named),
  fastifyAdapter(verifier)('hook:govern', named),
  honoAdapter(verifier)('hook:govern', named),
]
// @ts-expect-error no plugin
expressAdapter(verifier)('hook:govern', {})
// @ts-expect-error no plugin
fastifyAdapter(verifier)('hook:govern', {})
// @ts-expect-error no plugin
honoAdapter(verifier)('hook:govern', {})
// @ts-expect-error no metadata
serveMetadata(1)
// @ts-expect-error no token
export const env: TokenEnv = { Variables: { token: 1 } }
export const check = async (header: string | undefined): Promise<VerifiedToken> => {
  const token = await verifier.verify(bearerOf(header), { permission: null, plugin: noPlugin })
  // @ts-expect-error it is shared
  token.jti = ''
  // @ts-expect-error seconds
  token.expiresAt.concat('')
  return token
}
export const answer = (error: unknown): Response => errorResponse(error)
export const codeOf = (error: unknown): string => (error instanceof TokenInvalid ? error.code : '')
// @ts-expect-error no such code
export const isOdd = (error: TokenInvalid): boolean => error.code === 'odd'
export const clientOf = (request: object): string => tokenOf(request).clientId
export const kids = async (): Promise<string[]> => {
  const issuer = await createTestIssuer()
  // @ts-expect-error no audience
  await issuer.token({})
  return issuer.jwks.keys.map((key) => key.kid)
}
`

const repository = resolve('node_modules')
const node18 = toolOf('types-node-18/package.json')

const COMPILERS = {
  '4.9': toolOf('typescript-4.9/lib/tsc.js'),
  '5.0': toolOf('typescript-5.0/lib/tsc.js'),
  '5.9': join(
    dirname(
      createRequire(createRequire(import.meta.url).resolve('oazapfts')).resolve('typescript'),
    ),
    'tsc.js',
  ),
  '7.0': join(repository, 'typescript', 'bin', 'tsc'),
}

type Version = keyof typeof COMPILERS

const NESTJS = {
  module: 'commonjs',
  target: 'es2021',
  strict: false,
  strictNullChecks: false,
  noImplicitAny: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  allowSyntheticDefaultImports: true,
}

const NEXT = {
  module: 'esnext',
  moduleResolution: 'bundler',
  lib: ['dom', 'dom.iterable', 'esnext'],
  allowJs: true,
  resolveJsonModule: true,
  isolatedModules: true,
  esModuleInterop: true,
  jsx: 'preserve',
}

const BEFORE_7: Version[] = ['4.9', '5.0', '5.9']
const SINCE_5: Version[] = ['5.0', '5.9', '7.0']
const ALL: Version[] = [...BEFORE_7, '7.0']
const LATEST: Version[] = ['5.9', '7.0']
/**
 * Options that check the declarations of the package and of Node, too. They take several times as
 * long.
 */
const CHECKED = { module: 'node16', moduleResolution: 'node16', skipLibCheck: false }

/**
 * Oldest supported types of Node: without a global `crypto`, and `lib` brings none of a browser's.
 */
const NODE_18 = { ...CHECKED, lib: ['es2022'], typeRoots: ['node-18'] }
/** Types of a browser alone, without Node's. */
const BROWSER = { ...CHECKED, lib: ['es2022', 'dom'], types: [] }

/** Name, options, file ending, and the versions that support these options. */
const SETTINGS: readonly (readonly [string, object, 'ts' | 'cts' | 'mts', Version[]])[] = [
  ['node10, CommonJS', { module: 'commonjs', moduleResolution: 'node' }, 'ts', BEFORE_7],
  ['node10, ES modules', { module: 'esnext', moduleResolution: 'node' }, 'ts', ['5.9']],
  ['node16, CommonJS', { module: 'node16', moduleResolution: 'node16' }, 'cts', ALL],
  ['node16, ES modules', { module: 'node16', moduleResolution: 'node16' }, 'mts', ALL],
  ['nodenext, CommonJS', { module: 'nodenext', moduleResolution: 'nodenext' }, 'cts', LATEST],
  ['nodenext, ES modules', { module: 'nodenext', moduleResolution: 'nodenext' }, 'mts', LATEST],
  ['every declaration checked', CHECKED, 'cts', ['4.9', '7.0']],
  ['every declaration checked, Node 18, CommonJS', NODE_18, 'cts', ['4.9', '5.9', '7.0']],
  ['every declaration checked, Node 18, ES modules', NODE_18, 'mts', ['4.9', '7.0']],
  ['every declaration checked, a browser', BROWSER, 'cts', ['4.9', '5.9', '7.0']],
  ['every declaration checked, a browser, ES modules', BROWSER, 'mts', ['4.9', '7.0']],
  ['bundler', { module: 'esnext', moduleResolution: 'bundler' }, 'ts', SINCE_5],
  ['a browser’s types', { module: 'nodenext', lib: ['es2021', 'dom'], types: [] }, 'cts', ['5.9']],
  ['NestJS 10', NESTJS, 'ts', ['4.9', '5.9']],
  ['Next 14', NEXT, 'ts', LATEST],
]

/** Limit for one program while other tests run, in milliseconds. */
const LIMIT_MS = 120_000

let installed: Installed
beforeAll(() => {
  installed = installPackage()
  for (const ending of ['ts', 'cts', 'mts']) installed.write(`user.${ending}`, USER)
  if (node18 === undefined) return
  // The link has the name `node`, because `undici-types`, which these types import, refers to that
  // name.
  mkdirSync(join(installed.project, 'node-18'))
  symlinkSync(dirname(node18), join(installed.project, 'node-18', 'node'))
})
afterAll(() => installed.remove())

const configOf = (options: object, ending: string) => {
  const common = { strict: true, target: 'es2021', noEmit: true, skipLibCheck: true }
  const types = { types: ['node'], typeRoots: [join(repository, '@types')] }
  return { compilerOptions: { ...common, ...types, ...options }, files: [`user.${ending}`] }
}

type Config = ReturnType<typeof configOf>

/** Compiles with the command. TypeScript 7 has no programming interface. */
const compileByCommand = (tsc: string, config: Config): string => {
  installed.write('tsconfig.json', JSON.stringify(config))
  try {
    const said = { cwd: installed.project, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync(process.execPath, [tsc, '-p', '.'], said)
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

const SCRIPT = join(import.meta.dirname, 'compile.cjs')

const compileAll = (tsc: string, configs: Config[]): string[] => {
  const output = execFileSync(process.execPath, [SCRIPT, join(dirname(tsc), 'typescript.js')], {
    cwd: installed.project,
    encoding: 'utf8',
    input: JSON.stringify(configs),
  })
  return JSON.parse(output) as string[]
}

const isAvailable = (version: Version, options: object): boolean =>
  COMPILERS[version] !== undefined && (options !== NODE_18 || node18 !== undefined)

const CASES = SETTINGS.flatMap(([name, options, ending, versions]) =>
  versions.map((version) => [version, name, options, ending] as const),
)

/** Messages of the compilers before 7, by version and setting. */
const compiled = new Map<Version, Map<string, string>>()

const compileVersion = (version: Version, tsc: string): Map<string, string> => {
  const cases = CASES.filter(([of, , options]) => of === version && isAvailable(of, options))
  const messages = compileAll(
    tsc,
    cases.map(([, , options, ending]) => configOf(options, ending)),
  )
  return new Map(cases.map(([, name], i) => [name, messages[i] ?? 'not compiled']))
}

const messagesOf = ([version, name, options, ending]: (typeof CASES)[number]): string => {
  const tsc = COMPILERS[version] ?? ''
  if (version === '7.0') return compileByCommand(tsc, configOf(options, ending))
  const messages = compiled.get(version) ?? compileVersion(version, tsc)
  compiled.set(version, messages)
  return messages.get(name) ?? 'not compiled'
}

describe('verifier types', { timeout: LIMIT_MS }, () => {
  test.for(CASES)('are found and checked by TypeScript %s: %s', (given, { skip }) => {
    const [version, , options] = given
    if (COMPILERS[version] === undefined) {
      return skip(`typescript-${version} is not in the folder LATCHKEY_TOOLS`)
    }
    if (options === NODE_18 && node18 === undefined) {
      return skip('types-node-18 is not in the folder LATCHKEY_TOOLS')
    }
    expect(messagesOf(given)).toBe('')
  })
})
