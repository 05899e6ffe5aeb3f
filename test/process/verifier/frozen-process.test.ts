// Real process that is stopped (SIGSTOP) until its list is stale, and continued: its first requests
// are answered. Its clocks and the issuer's run forty times as fast, so that a minute takes 1.5
// seconds.
import { spawn } from 'node:child_process'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cursor, page } from '../../verifier/lists.ts'
import { CLAIMS, KEY, forge } from '../../verifier/support.ts'

const FAST = 40
const BEGAN = Date.now()
const seconds = (): number => Math.floor((BEGAN + (Date.now() - BEGAN) * FAST) / 1000)

let server: Server
const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', origin())
    if (url.pathname.endsWith('jwks.json')) {
      return void response.end(JSON.stringify({ keys: [KEY.jwk] }))
    }
    const uri = `${origin()}/oauth/revocations`
    const full = url.searchParams.get('after') !== cursor(1)
    const list = () => page({ full, iat: seconds(), claims: { iss: uri, aud: uri } })
    setTimeout(() => response.end(list()), url.searchParams.has('wait') ? 500 : 50)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** `stops`: like a monotonic clock while a machine is suspended. */
test.each(['runs on', 'stops'])(
  'follower accepts tokens after its process was frozen, when the monotonic clock %s',
  async (how) => {
    const iat = seconds()
    const token = forge({ payload: { ...CLAIMS, iss: origin(), iat, exp: iat + 86_000 } })
    const program = `
    import { createVerifier } from './src/verifier/dist/index.js'
    let stood = 0
    const verifier = createVerifier({
      issuer: '${origin()}', audience: 'hook', maxStaleness: 60,
      clock: () => ${BEGAN} + (Date.now() - ${BEGAN}) * ${FAST},
      monotonic: () => (performance.now() - stood) * ${FAST},
    })
    const required = { permission: null, plugin: 'acme.sync' }
    const codeOf = () => verifier.verify('${token}', required).then(() => 'good', (error) => error.code)
    await verifier.ready()
    let before = performance.now()
    const beat = () => {
      const gap = performance.now() - before
      before = performance.now()
      if (gap < 1_500) return false
      if ('${how}' === 'stops') stood += gap
      return true
    }
    console.log('ready')
    const look = async () => {
      if (!beat()) return setTimeout(look, 5)
      const age = verifier.status().revocations.age
      const codes = await Promise.all([codeOf(), codeOf(), codeOf()])
      console.log(JSON.stringify({ codes, age }))
      process.exit()
    }
    look()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += String(chunk)
        if (said.startsWith('ready')) resolve()
      })
      child.on('close', () => resolve())
    })
    child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    child.kill('SIGCONT')
    await ended
    const { codes, age } = JSON.parse(said.replace('ready\n', '')) as {
      codes: string[]
      age: number
    }
    expect(codes).toEqual(['good', 'good', 'good'])
    if (how === 'runs on') expect(age).toBeGreaterThan(60)
  },
)
