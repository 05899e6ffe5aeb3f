// Exit of a process whose verifier was not closed, on every runtime that is found: `bun` and `deno`
// of the PATH, `node` of this process, and the programs in the folder LATCHKEY_RUNTIMES (`npm i
// --prefix DIR bun deno`, then DIR/node_modules/.bin).
import { execFileSync, spawn } from 'node:child_process'
import { type Server, type ServerResponse, createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cursor, page } from './lists.ts'
import { CLAIMS, KEY, forge } from './support.ts'

type Runtime = { name: string; command: string[] | null; without: string }

const FOLDERS = [process.env['LATCHKEY_RUNTIMES'], ...(process.env['PATH'] ?? '').split(delimiter)]

const versionOf = (path: string): string | null => {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 }).trim()
  } catch {
    return null
  }
}

const find = (name: string): string | undefined =>
  FOLDERS.flatMap((folder) => (folder ? [join(folder, name)] : [])).find(
    (path) => versionOf(path) !== null,
  )

const runtime = (name: string, path: string | undefined, run: string[] = []): Runtime => ({
  name,
  command: path === undefined ? null : [path, ...run],
  without: `${name} is not on the PATH, nor in the folder LATCHKEY_RUNTIMES`,
})

const deno = find('deno')
const RUNTIMES: Runtime[] = [
  runtime('Node', process.execPath),
  runtime('Bun', find('bun')),
  runtime('Deno', deno, ['run', '--no-prompt', '--allow-net', '--allow-read']),
  runtime('Deno with all permissions', deno, ['run', '-A']),
]

/**
 * `holds`: the list after the first one is held. `silent`: no request is answered, not even with
 * headers.
 */
type Mode = 'holds' | 'silent' | 'silent keys' | 'down'
let mode: Mode = 'holds'
let server: Server
const open = new Set<ServerResponse>()

const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const answer = (path: string, after: string | null): string | null | undefined => {
  if (mode === 'silent') return null
  if (path === '/.well-known/jwks.json') {
    return mode === 'silent keys' ? null : JSON.stringify({ keys: [KEY.jwk] })
  }
  if (mode === 'down') return undefined
  if (after === cursor(1)) return null
  const uri = `${origin()}/oauth/revocations`
  const iat = Math.floor(Date.now() / 1000)
  return page({ full: true, iat, claims: { iss: uri, aud: uri } })
}

/** One file without imports, so that no runtime has to read `node_modules`. */
const bundle = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/verifier/index.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
    platform: 'neutral',
  })
  return outputFiles[0]?.text ?? ''
}

let folder = ''
let programs = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runtimes-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'verifier.js'), await bundle())
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', origin())
    const text = answer(url.pathname, url.searchParams.get('after'))
    open.add(response)
    response.on('close', () => open.delete(response))
    if (text === undefined) response.writeHead(503).end()
    else if (text !== null) {
      // The answer is compressed, as by a proxy that compresses everything.
      response.setHeader('content-encoding', 'gzip').end(gzipSync(text))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  server.closeAllConnections()
  server.close()
})

const ENDS_WITHIN_MS = 3_000
const MOMENT = 'await new Promise((resolve) => setTimeout(resolve, 400))'
const token = (): string => {
  const iat = Math.floor(Date.now() / 1000)
  return forge({ payload: { ...CLAIMS, iss: origin(), iat, exp: iat + 900 } })
}

/**
 * Runs a program to its end. @returns its output, and the milliseconds between its last output and
 * its end
 */
const run = async (command: string[], body: string) => {
  const file = join(folder, `program-${(programs += 1)}.js`)
  const program = `
    import { createVerifier } from './verifier.js'
    const required = { permission: null, plugin: 'acme.sync' }
    const create = (options) => createVerifier({ issuer: '${origin()}', audience: 'hook', ...options })
    ${body}`
  writeFileSync(file, program)
  const [path = '', ...parameters] = command
  const child = spawn(path, [...parameters, file], { cwd: folder })
  let [said, saidAt] = ['', performance.now()]
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += String(chunk)
      saidAt = performance.now()
    })
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(limit)
  return { said: said.trim(), code, livedMs: performance.now() - saidAt }
}

const CASES: readonly (readonly [string, Mode, string, string])[] = [
  [
    'while the issuer holds a request',
    'holds',
    `const verifier = create(); await verifier.ready(); ${MOMENT}
     console.log(await verifier.verify('TOKEN', required).then((token) => token.pluginId))`,
    'acme.sync',
  ],
  ['while no request is answered', 'silent', `create(); ${MOMENT}; console.log('over')`, 'over'],
  ['while the issuer is down', 'down', `create(); ${MOMENT}; console.log('over')`, 'over'],
  [
    'when it is closed while a token waits for the list',
    'silent',
    `const verifier = create()
     const waiting = verifier.verify('TOKEN', required).catch((error) => error.code)
     ${MOMENT}; verifier.close(); console.log(await waiting)`,
    'keys_unavailable',
  ],
  [
    'when it is closed while a token waits for the keys without a list',
    'silent keys',
    `const verifier = create({ revocations: 'none' })
     const waiting = verifier.verify('TOKEN', required).catch((error) => error.code)
     ${MOMENT}; verifier.close(); console.log(await waiting)`,
    'keys_unavailable',
  ],
  [
    'when it is closed while ready waits',
    'silent',
    `const verifier = create()
     const waiting = verifier.ready().catch((error) => error.code + ' ' + (error.cause !== undefined))
     ${MOMENT}; verifier.close(); console.log(await waiting)`,
    'revocations_stale true',
  ],
]

describe.each(RUNTIMES)('$name process', ({ command, without }) => {
  test.for(CASES)('exits %s', async ([, how, body, expected], { skip }) => {
    skip(command === null, without)
    mode = how
    const { said, code, livedMs } = await run(command ?? [], body.replace('TOKEN', token()))
    expect([said, code]).toEqual([expected, 0])
    expect(livedMs).toBeLessThan(ENDS_WITHIN_MS)
  })
})
