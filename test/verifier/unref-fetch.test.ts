// Transport of the follower: it uses the application's `fetch` when that was configured with a
// proxy, an authority or a certificate.
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { anyPlugin, createVerifier } from '../../src/verifier/index.ts'
import { createTestIssuer } from '../../src/verifier/testing/issuer.ts'
import { unrefFetch } from '../../src/verifier/net/unref-fetch.ts'
import { codeOf } from './support.ts'

/** An address where nothing listens. Only the dispatcher resolves it. */
const ISSUER = 'http://issuer.localhost:59999'
const DISPATCHER = Symbol.for('undici.globalDispatcher.1')

type Dispatch = { dispatch(options: object, handler: object): boolean }
type AgentClass = new (options?: object) => Dispatch
const globals = globalThis as unknown as Record<symbol, Dispatch | undefined>

let server: Server
let issuer: Awaited<ReturnType<typeof createTestIssuer>>
let Agent: AgentClass

beforeAll(async () => {
  await fetch('data:,') // loads Node's own dispatcher
  Agent = globals[DISPATCHER]?.constructor as AgentClass
  issuer = await createTestIssuer({ issuer: ISSUER })
  server = createServer((request, response) => {
    // Node's fetch sends a User-Agent, `node:http` does not.
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

/** Makes a dispatcher that acts as a proxy: it sends every request to the server of the test. */
const forwarding = (): Dispatch => {
  class Forward extends Agent {
    override dispatch(options: object, handler: object): boolean {
      return super.dispatch({ ...options, origin: origin() }, handler)
    }
  }
  return new Forward()
}

/** Makes a dispatcher in the form of undici's `compose`. */
const composed = (): Dispatch => {
  const agent = new Agent()
  const dispatch: Dispatch['dispatch'] = (options, handler) => agent.dispatch(options, handler)
  return new Proxy(agent, {
    get: (of, name) => (name === 'dispatch' ? dispatch : (Reflect.get(of, name) as unknown)),
  })
}

describe('unrefFetch', () => {
  test.each<[string, () => Dispatch | undefined]>([
    ['no dispatcher', () => undefined],
    ['the dispatcher of Node', () => own],
    ['another dispatcher without options', () => new Agent()],
    ['another dispatcher with undefined options', () => new Agent({ connect: undefined })],
  ])('uses node:http with %s', async (_, dispatcher) => {
    globals[DISPATCHER] = dispatcher()
    expect(await asked()).toBe('node:http')
  })

  test('does not follow a redirect', async () => {
    const response = await unrefFetch(`${origin()}/moved`, {})
    expect([response.status, response.body]).toEqual([302, null])
    expect(response.headers.get('location')).toBe('/asked')
  })
})

describe('unrefFetch with a configured dispatcher', () => {
  test.each<[string, () => Dispatch]>([
    ['a proxy', forwarding],
    ['an authority', () => new Agent({ connect: { ca: 'x' } })],
    ['a connection factory', () => new Agent({ factory: () => new Agent() })],
    ['a time limit', () => new Agent({ headersTimeout: 1_000 })],
    ['an interceptor', composed],
  ])('uses fetch for %s', async (_, dispatcher) => {
    globals[DISPATCHER] = dispatcher()
    expect(await asked()).not.toBe('node:http')
  })
})

test('follower requests the list through the dispatcher of the keys', async () => {
  globals[DISPATCHER] = forwarding()
  const verifier = createVerifier({ issuer: ISSUER, audience: 'hook' })
  const token = await issuer.token({ audience: 'hook', pluginId: 'p' })
  expect(await codeOf(verifier.verify(token, { permission: null, plugin: anyPlugin }))).toBe('good')
  verifier.close()
})
