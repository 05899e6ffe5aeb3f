// Forward-auth example, asked by the installed nginx and Caddy (Debian: `nginx`, `caddy`) with
// their shown configurations. Only the ports differ.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type Server, createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, createCaller, send } from '../support/http.ts'
import {
  type Place,
  createCli,
  newPlace,
  seededPlace,
  start,
  startServer,
  startShell,
  until,
} from '../support/processes.ts'
import { exchange } from '../support/raw-http.ts'
import type { ClientCredentials } from '../support/records.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/forward-auth/', import.meta.url))

type Ports = { proxy: number; asked: number; application: number }

const configuration = (file: string, { proxy, asked, application }: Ports): string =>
  readFileSync(EXAMPLE + file, 'utf8')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${proxy}`)
    .replaceAll('127.0.0.1:8793', `127.0.0.1:${asked}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${application}`)

/** One process in the foreground, so that its end can be awaited. */
const NGINX = `
daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include example.conf;
}`

const isInstalled = (name: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const PROXIES = {
  nginx: {
    files: (ports: Ports) => ({
      'nginx.conf': NGINX,
      'example.conf': configuration('nginx.conf', ports),
    }),
    line: 'exec nginx -e stderr -p . -c nginx.conf',
  },
  caddy: {
    files: (ports: Ports) => ({
      Caddyfile: `{\n\tadmin off\n\tauto_https off\n}\n${configuration('Caddyfile', ports)}`,
    }),
    line: 'exec caddy run --config Caddyfile --adapter caddyfile',
  },
}

/** Request that reached the application. */
type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string }
let seen: Seen[] = []
let application: Server
let issuer: Place
let client: ClientCredentials
let asked: Place
let token = ''
/** Token of the audience without the permission. */
let other = ''

/** Limit for a revocation to take effect, in milliseconds: it takes 26 to 78 on two cores. */
const WITHIN_MS = 5_000

const startAsked = async (at: string): Promise<Place> => {
  const place = await newPlace()
  const environment = { ISSUER: at, PORT: String(place.port) }
  const example = start({ directory: place.directory, environment }, [], `${EXAMPLE}server.mjs`)
  await until('the example', () => example.said.stdout.includes(place.url))
  return place
}

beforeAll(async () => {
  issuer = await seededPlace()
  await startServer(issuer)
  const grant = 'hook=hook:track hook:govern'
  const { client_id: id, client_secret: secret } = await createCli(issuer).json<{
    client_id: string
    client_secret: string
  }>('client create --name c --plugin acme.sync --create-plugin --grant', grant)
  client = { id, secret }
  const caller = createCaller(issuer.url)
  token = await caller.issue(client, { scope: 'hook:track' })
  other = await caller.issue(client, { scope: 'hook:govern' })
  asked = await startAsked(issuer.url)
  application = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    let body = ''
    incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
    incoming.on('end', () => {
      seen.push({ method, url, headers, body })
      response.writeHead(url === '/fails' ? 500 : 200, { 'X-Application': 'yes' }).end('done')
    })
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  application.closeAllConnections()
  application.close()
})

const bearer = (text: string) => ({ authorization: `Bearer ${text}` })

/** Starts a proxy that asks the example at a port. */
const startProxy = async (name: keyof typeof PROXIES, askedPort: number): Promise<Place> => {
  const place = await newPlace()
  const { port: behind } = application.address() as AddressInfo
  const { files, line } = PROXIES[name]
  const ports = { proxy: place.port, asked: askedPort, application: behind }
  for (const [file, text] of Object.entries(files(ports))) {
    writeFileSync(join(place.directory, file), text)
  }
  const { directory } = place
  const PATH = process.env['PATH'] ?? ''
  const environment = { PATH, HOME: directory, XDG_DATA_HOME: directory }
  const { ended } = startShell({ directory, environment }, line)
  const failed = ended.then(({ stderr }) => Promise.reject(new Error(stderr)))
  failed.catch(() => {}) // the rejection after its end is expected
  const answers = () =>
    send(place.url).then(
      () => true,
      () => false,
    )
  await Promise.race([until(name, answers), failed])
  return place
}

describe.each(['nginx', 'caddy'] as const)('%s', { timeout: 60_000 }, (name) => {
  const installed = isInstalled(name)
  let proxy: Place

  beforeAll(async () => {
    if (installed) proxy = await startProxy(name, asked.port)
  })

  const through = async (
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<Answer & { passed: Seen[] }> => {
    seen = []
    const answer = await send(proxy.url + path, { headers, method })
    return { ...answer, passed: seen }
  }

  const check = (title: string, run: () => Promise<void>) =>
    it(title, async ({ skip }) => {
      skip(!installed, `${name} is not on the PATH`)
      await run()
    })

  check('passes the facts of a valid token to the application, and not the token', async () => {
    const { status, headers, passed } = await through('/a?b=c', bearer(token))
    expect([status, headers['x-application']]).toEqual([200, 'yes'])
    const [{ url, headers: got } = { url: '', headers: {} as IncomingHttpHeaders }] = passed
    expect([url, passed.length]).toEqual(['/a?b=c', 1])
    expect(got).toMatchObject({
      'x-token-client': client.id,
      'x-token-plugin': 'acme.sync',
      'x-token-workspace': 'default',
    })
    expect(got['x-token-id']).toMatch(/^[\w-]{8,}$/)
    expect(got['authorization']).toBeUndefined()
  })

  check('answers 401 with a bare challenge without a token', async () => {
    const { status, headers, passed } = await through('/')
    expect([status, headers['www-authenticate'], passed]).toEqual([401, 'Bearer', []])
  })

  check('answers 401 with invalid_token to a malformed token', async () => {
    const bad = [bearer('x'), bearer(`${token}x`), bearer(`${token}, Bearer ${token}`)]
    for (const headers of [...bad, { authorization: `bearer ${token} ${token}` }]) {
      const { status, headers: answered, passed } = await through('/', headers)
      expect([status, passed]).toEqual([401, []])
      expect(answered['www-authenticate']).toMatch(/^Bearer error="invalid_token", [^]*"$/)
    }
    const { status, passed } = await through('/', { authorization: 'Basic eDp5' })
    expect([status, passed]).toEqual([401, []])
  })

  check('refuses two Authorization headers', async () => {
    seen = []
    const line = `Authorization: Bearer ${token}\r\n`
    const answer = await exchange(
      proxy,
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\nConnection: close\r\n${line}${line}\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 40[01] /)
    expect(seen).toEqual([])
  })

  check('answers 403 with the permission to a token without it', async () => {
    const { status, headers, passed } = await through('/', bearer(other))
    expect([status, passed]).toEqual([403, []])
    expect(headers['www-authenticate']).toMatch(
      /^Bearer error="insufficient_scope", .*, scope="hook:track"$/,
    )
  })

  /**
   * Names that an application may read as one of the token headers: gateways of other languages
   * join `-` and `_`.
   */
  const FORGED = [
    'X-Token-Client',
    'x-token-client',
    'X_Token_Client',
    'X-Token_Client',
    'X_Token-Client',
    'X-Token-Plugin',
    'X-TOKEN-WORKSPACE',
    'X-Token-Id',
    'x_token_id',
    'X_TOKEN_PLUGIN',
  ]

  check('replaces token headers that a client sends', async () => {
    for (const header of FORGED) {
      const { status, passed } = await through('/', { ...bearer(token), [header]: 'evil' })
      expect([header, status, passed.length]).toEqual([header, 200, 1])
      expect(JSON.stringify(passed[0]?.headers)).not.toContain('evil')
      expect(passed[0]?.headers).toMatchObject({ 'x-token-client': client.id })
    }
    const { status, passed } = await through('/', { 'X-Token-Client': client.id })
    expect([status, passed]).toEqual([401, []])
  })

  check('keeps its token headers when a client lists them in Connection', async () => {
    for (const connection of ['X-Token-Client', 'close, x-token-client, X-Token-Plugin']) {
      const { status, passed } = await through('/', { ...bearer(token), connection })
      expect([status, passed.length]).toEqual([200, 1])
      expect(passed[0]?.headers).toMatchObject({
        'x-token-client': client.id,
        'x-token-plugin': 'acme.sync',
      })
    }
  })

  check('ignores forwarded headers, paths and methods of a client in its decision', async () => {
    const said = {
      'X-Forwarded-Uri': '/check?permission=hook:govern',
      'X-Forwarded-Method': 'OPTIONS',
      'X-Forwarded-Host': 'evil.example',
      'X-Original-URI': '/public',
      'X-Original-URL': '/public',
      'X-Rewrite-URL': '/public',
      'X-HTTP-Method-Override': 'OPTIONS',
    }
    const paths = [
      '/',
      '/?permission=hook:govern',
      '/check?permission=hook:govern',
      '/_token',
      '/_token?permission=hook:govern',
      '/%5ftoken',
      '//_token',
      '/a/..%2f_token',
      '/./_token',
    ]
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE', 'PURGE']) {
        const { status, headers, passed } = await through(
          path,
          { ...bearer(other), ...said },
          method,
        )
        expect([path, method, [403, 404].includes(status), passed]).toEqual([
          path,
          method,
          true,
          [],
        ])
        expect(headers['x-token-client']).toBeUndefined()
      }
      const { status, passed } = await through(path, said)
      expect([path, [401, 404].includes(status), passed]).toEqual([path, true, []])
      // A client never gets the answer for the proxy.
      const good = await through(path, { ...bearer(token), ...said })
      expect([path, [200, 404].includes(good.status)]).toEqual([path, true])
      expect(good.headers['x-token-client']).toBeUndefined()
    }
  })

  check('passes method, body and target of a request on unchanged', async () => {
    seen = []
    const answered = await new Promise<number>((resolve, reject) => {
      const sent = request(`${proxy.url}/x%2Fy?a=%20`, { method: 'PUT', headers: bearer(token) })
      sent.once('error', reject)
      sent.once('response', (response) => resolve(response.resume().statusCode ?? 0))
      sent.end('a body')
    })
    expect(answered).toBe(200)
    expect(seen).toMatchObject([{ method: 'PUT', url: '/x%2Fy?a=%20', body: 'a body' }])
  })

  check('passes an error of the application on', async () => {
    const { status, headers, text } = await through('/fails', bearer(token))
    expect([status, headers['x-application'], text]).toEqual([500, 'yes', 'done'])
  })

  check('refuses a revoked token', async () => {
    const taken = await createCaller(issuer.url).issue(client, { scope: 'hook:track' })
    expect(await through('/', bearer(taken))).toMatchObject({ status: 200 })
    const form = { token: taken }
    expect(await send(`${issuer.url}/oauth/revoke`, { form, basic: client })).toMatchObject({
      status: 200,
    })
    const revokedAt = performance.now()
    const refused = await until('the list', async () => {
      const answer = await through('/', bearer(taken))
      return answer.status !== 200 && answer
    })
    expect(refused).toMatchObject({ status: 401, passed: [] })
    expect(refused.headers['www-authenticate']).toContain('The token has been revoked.')
    expect(performance.now() - revokedAt).toBeLessThan(WITHIN_MS)
    expect(await through('/', bearer(token))).toMatchObject({ status: 200 })
  })

  check('answers 503 with Retry-After when keys and list are unavailable', async () => {
    const nowhere = await newPlace()
    const blind = await startProxy(name, (await startAsked(nowhere.url)).port)
    seen = []
    const { status, headers } = await send(blind.url, { headers: bearer(token) })
    expect([status, headers['retry-after'], headers['www-authenticate']]).toEqual([
      503,
      '5',
      undefined,
    ])
    expect(seen).toEqual([])
    expect(await send(blind.url)).toMatchObject({ status: 401 })
  })

  check('lets no request pass when the example is down', async () => {
    const alone = await startProxy(name, (await newPlace()).port)
    seen = []
    const { status } = await send(alone.url, { headers: bearer(token) })
    expect([502, 503]).toContain(status)
    expect(seen).toEqual([])
  })
})

describe('forward-auth example', () => {
  it('listens on loopback only', async () => {
    const answered = await new Promise<string>((resolve) => {
      const socket = connect(asked.port, '127.0.0.2')
      socket.once('connect', () => resolve('connected'))
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      socket.once('close', () => socket.destroy())
    })
    expect(answered).toBe('ECONNREFUSED')
  })

  it.each([
    '/',
    '/check',
    '/check?permission',
    '/check?permission=',
    '/check?permission=hook:track&permission=hook:track',
    '/check?permission=hook:track%20x',
    '/check?Permission=hook:track',
  ])('answers 500 without exactly one permission: %s', async (path) => {
    for (const headers of [bearer(token), {}]) {
      const { status, headers: answered } = await send(asked.url + path, { headers })
      expect([status, answered['x-token-client']]).toEqual([500, undefined])
    }
  })

  it('answers 204 to a valid token, and the codes of the verifier to others', async () => {
    const at = `${asked.url}/check?permission=hook:track`
    const good = await send(at, { headers: bearer(token) })
    expect([good.status, good.headers['x-token-client']]).toEqual([204, client.id])
    const { status, text } = await send(at, { headers: bearer(other) })
    expect([status, JSON.parse(text)]).toMatchObject([403, { code: 'permission_missing' }])
  })
})
