// What is followed goes the way that the application's `fetch` goes: a proxy, an authority or a certificate that was
// set up for it holds for the list, too.
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { anyPlugin, createVerifier } from '../../src/verifier/index.ts'
import { createTestIssuer } from '../../src/verifier/testing/issuer.ts'
import { unrefFetch } from '../../src/verifier/net/unref-fetch.ts'
import { codeOf } from './support.ts'

/** Nothing listens there, and only the dispatcher knows of it. */
const ISSUER = 'http://issuer.localhost:59999'
const DISPATCHER = Symbol.for('undici.globalDispatcher.1')

type Dispatch = { dispatch(options: object, handler: object): boolean }
type AgentClass = new (options?: object) => Dispatch
const globals = globalThis as unknown as Record<symbol, Dispatch | undefined>

let server: Server
let issuer: Awaited<ReturnType<typeof createTestIssuer>>
let Agent: AgentClass

beforeAll(async () => {
  await fetch('data:,') // from then on Node's own is there
  Agent = globals[DISPATCHER]?.constructor as AgentClass
  issuer = await createTestIssuer({ issuer: ISSUER })
  server = createServer((request, response) => {
    // Node's fetch says who it is, `node:http` does not.
    if (request.url === '/asked') return response.end(request.headers['user-agent'] ?? 'node:http')
    if (request.url === '/moved') return response.writeHead(302, { location: '/asked' }).end()
    void issuer
      .fetch(ISSUER + request.url)
      .then(async (answer) => response.end(await answer.text()))
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const own = globals[DISPATCHER]
afterEach(() => void (globals[DISPATCHER] = own))

const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const asked = async (): Promise<string> => {
  const response = await unrefFetch(`${origin()}/asked`, { headers: { accept: 'text/plain' } })
  return response.text()
}

/** As a proxy: whatever is asked for, it is asked of the test's server. */
const forwarding = (): Dispatch => {
  class Forward extends Agent {
    override dispatch(options: object, handler: object): boolean {
      return super.dispatch({ ...options, origin: origin() }, handler)
    }
  }
  return new Forward()
}

/** As undici's `compose` makes it. */
const composed = (): Dispatch => {
  const agent = new Agent()
  const dispatch: Dispatch['dispatch'] = (options, handler) => agent.dispatch(options, handler)
  return new Proxy(agent, {
    get: (of, name) => (name === 'dispatch' ? dispatch : (Reflect.get(of, name) as unknown)),
  })
}

describe('asked with node:http', () => {
  test.each<[string, () => Dispatch | undefined]>([
    ['before the first fetch', () => undefined],
    ['with what Node puts there', () => own],
    ['with another that was told nothing', () => new Agent()],
    ['with one that was told nothing of note', () => new Agent({ connect: undefined })],
  ])('%s', async (_, dispatcher) => {
    globals[DISPATCHER] = dispatcher()
    expect(await asked()).toBe('node:http')
  })

  test('a redirect is not followed, and has no body', async () => {
    const response = await unrefFetch(`${origin()}/moved`, {})
    expect([response.status, response.body]).toEqual([302, null])
    expect(response.headers.get('location')).toBe('/asked')
  })
})

describe('asked with fetch', () => {
  test.each<[string, () => Dispatch]>([
    ['a proxy', forwarding],
    ['an authority', () => new Agent({ connect: { ca: 'x' } })],
    ['a way to connect', () => new Agent({ factory: () => new Agent() })],
    ['a limit', () => new Agent({ headersTimeout: 1_000 })],
    ['an interceptor', composed],
  ])('%s', async (_, dispatcher) => {
    globals[DISPATCHER] = dispatcher()
    expect(await asked()).not.toBe('node:http')
  })
})

test('the list goes the way of the keys', async () => {
  globals[DISPATCHER] = forwarding()
  const verifier = createVerifier({ issuer: ISSUER, audience: 'hook' })
  const token = await issuer.token({ audience: 'hook', pluginId: 'p' })
  expect(await codeOf(verifier.verify(token, { permission: null, plugin: anyPlugin }))).toBe('good')
  verifier.close()
})
