// Exit of a process with a follower: neither a timer nor a request that the issuer holds keeps it
// alive.
import { spawn } from 'node:child_process'
import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cursor, page } from '../../verifier/lists.ts'
import { KEY, forge } from '../../verifier/support.ts'

let server: Server
/** Held requests: whether each is still open. */
let held: { open: boolean }[] = []
let down = false
let keysHang = false
/** Requests for the keys: whether each is still open. */
let keyRequests: { open: boolean }[] = []

const holdIn = (requests: { open: boolean }[], response: ServerResponse): void => {
  const request = { open: true }
  requests.push(request)
  response.on('close', () => (request.open = false))
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', origin())
    if (url.pathname === '/.well-known/jwks.json' && keysHang) {
      holdIn(keyRequests, response)
    } else if (url.pathname === '/.well-known/jwks.json') {
      response.setHeader('cache-control', 'max-age=300').end(JSON.stringify({ keys: [KEY.jwk] }))
    } else if (down) {
      response.writeHead(503).end()
    } else if (url.searchParams.get('after') === cursor(1)) {
      holdIn(held, response)
    } else {
      const uri = `${origin()}/oauth/revocations`
      const iat = Math.floor(Date.now() / 1000)
      response.end(page({ full: true, iat, claims: { iss: uri, aud: uri } }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/**
 * Runs a program with the built package. @returns its output, exit code, and the milliseconds
 * between last output and exit
 */
const run = async (
  body: string,
): Promise<{ said: string; code: number | null; livedMs: number }> => {
  const program = `
    import { createVerifier } from './src/verifier/dist/index.js'
    const verifier = createVerifier({ issuer: '${origin()}', audience: 'hook' })
    ${body}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  let [said, saidAt] = ['', performance.now()]
  child.stdout.on('data', (chunk: Buffer) => {
    said += String(chunk)
    saidAt = performance.now()
  })
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { said, code, livedMs: performance.now() - saidAt }
}

const HELD = 'await new Promise((resolve) => setTimeout(resolve, 200))'

describe('process with a follower', () => {
  test('exits while the issuer holds a request', async () => {
    held = []
    const { said, code, livedMs } = await run(
      `await verifier.ready(); ${HELD}; console.log(verifier.status().revocations.cursor)`,
    )
    expect([said, code]).toEqual([`${cursor(1)}\n`, 0])
    expect(livedMs).toBeLessThan(1_000)
    expect(held).toEqual([{ open: false }])
  })

  test('exits while the issuer is down', async () => {
    down = true
    const { said, code, livedMs } = await run(
      `${HELD}; console.log(verifier.status().revocations.stale)`,
    )
    down = false
    expect([said, code]).toEqual(['true\n', 0])
    expect(livedMs).toBeLessThan(1_000)
  })

  test.each(['', 'verifier.close()'])('exits while the key server hangs; %s', async (ending) => {
    keyRequests = []
    keysHang = true
    const { said, code, livedMs } = await run(
      `${HELD}; ${ending}; console.log(verifier.status().revocations.stale)`,
    )
    keysHang = false
    expect([said, code]).toEqual(['true\n', 0])
    expect(livedMs).toBeLessThan(1_000)
    expect(keyRequests).toEqual([{ open: false }])
  })

  test('stays alive while a token waits for the keys', async () => {
    keysHang = true
    const { said, code } = await run(`
      ${HELD}
      const required = { permission: null, plugin: 'acme.sync' }
      await verifier.verify('${forge()}', required).catch((error) => console.log(error.code))`)
    keysHang = false
    expect([said, code]).toEqual(['keys_unavailable\n', 0])
  })

  test('stays alive while the program waits for the first list', async () => {
    const { said, code } = await run(`await verifier.ready(); console.log('ready')`)
    expect([said, code]).toEqual(['ready\n', 0])
  })
})

test('close aborts the request for the keys and makes no further one', async () => {
  keyRequests = []
  keysHang = true
  const { said } = await run(`
    ${HELD}; verifier.close()
    await new Promise((resolve) => setTimeout(resolve, 200)); console.log('closed')
    await new Promise((resolve) => setTimeout(resolve, 2_000))`)
  keysHang = false
  expect(said).toBe('closed\n')
  expect(keyRequests).toEqual([{ open: false }])
})

test('close aborts the held request and makes no further one', async () => {
  held = []
  const { said } = await run(`
    await verifier.ready(); ${HELD}; verifier.close(); verifier.close()
    await new Promise((resolve) => setTimeout(resolve, 500)); console.log('closed')`)
  expect(said).toBe('closed\n')
  expect(held).toEqual([{ open: false }])
})
