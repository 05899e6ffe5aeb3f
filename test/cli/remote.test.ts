// Actions on a remote server, against small servers of the test: where credentials go, and what unusual answers become.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { withServer } from '../../src/cli/remote/perform.ts'
import { openExchange, readText } from '../../src/cli/remote/exchange.ts'
import { Conflict, OperationRefused, RemoteFailed } from '../../src/errors.ts'
import {
  type Handler,
  type Routes,
  inTurn,
  json,
  problem,
  startIssuer,
} from '../support/remote-issuer.ts'
import { selfSigned } from '../support/self-signed.ts'

const failure = async (promise: Promise<unknown>): Promise<Error> => {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as Error
}

const SHOW = 'GET /admin/v1/clients/a'

describe('credentials', () => {
  it('are sent to the token endpoint alone, and the token to the admin API', async () => {
    const issuer = await startIssuer({ [SHOW]: json({ client_id: 'a' }) })
    await issuer.perform((perform) => perform('client.show', { client_id: 'a' }))
    expect(issuer.requests.map(({ at, authorization }) => [at, authorization])).toEqual([
      ['GET /.well-known/oauth-authorization-server', ''],
      ['POST /oauth/token', `Basic ${Buffer.from('lkc_admin:lks_secret').toString('base64')}`],
      [SHOW, 'Bearer token-1'],
    ])
    expect(issuer.requests[1]?.body).toBe('grant_type=client_credentials&audience=latchkey')
  })

  it('are encoded as form values (RFC 6749 §2.3.1)', async () => {
    const issuer = await startIssuer({ [SHOW]: json({}) })
    const credentials = { clientId: 'a:b', clientSecret: 'c%d é' }
    await withServer({ origin: issuer.origin, credentials }, (perform) =>
      perform('client.show', { client_id: 'a' }),
    )
    const sent = issuer.requests[1]?.authorization.split(' ')[1] ?? ''
    expect(Buffer.from(sent, 'base64').toString()).toBe('a%3Ab:c%25d+%C3%A9')
  })

  it.each([
    'http://192.0.2.1',
    'http://auth.example',
    'http://localhost.example',
    'ftp://127.0.0.1',
  ])('are not sent without TLS to %s', async (origin) => {
    const { exchange, close } = openExchange()
    const error = await failure(exchange(`${origin}/`, { headers: { authorization: 'Basic x' } }))
    expect(error).toBeInstanceOf(RemoteFailed)
    expect(error.message).toBe(
      `no request is sent to ${origin}/: it is not https, and not on this machine`,
    )
    close()
  })

  it('are not sent to a server whose certificate is not trusted', async () => {
    const requested: (string | undefined)[] = []
    const server = createServer(selfSigned(), ({ headers }, response) => {
      requested.push(headers.authorization)
      response.end('read')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = `https://localhost:${(server.address() as AddressInfo).port}`
    const { exchange, close } = openExchange()
    const send = () => exchange(origin, { headers: { authorization: 'Basic x' } })
    expect((await failure(send())).message).toBe(
      `${origin} cannot be reached (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    )
    expect(requested).toEqual([])
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    expect(await readText(await send())).toBe('read')
    vi.unstubAllEnvs()
    expect(requested).toEqual(['Basic x'])
    close()
    server.close()
  })

  it.each([301, 302, 303, 307, 308])('do not follow a redirect with status %i', async (status) => {
    const other = await startIssuer()
    const redirect: Handler = (response) => {
      response.writeHead(status, { location: `${other.origin}/oauth/token` })
      response.end()
    }
    for (const at of ['GET /.well-known/oauth-authorization-server', 'POST /oauth/token', SHOW]) {
      const issuer = await startIssuer({ [at]: redirect })
      const error = await failure(
        issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
      )
      expect(error.message).toContain(`redirects to ${other.origin}/oauth/token (${status})`)
      expect(issuer.paths().at(-1)).toBe(at)
    }
    expect(other.requests).toEqual([])
  })

  it('are not sent to a token endpoint at another origin', async () => {
    const other = await startIssuer()
    const issuer = await startIssuer({}, { token_endpoint: `${other.origin}/oauth/token` })
    const error = await failure(
      issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error.message).toContain('token endpoint at another origin')
    expect([other.requests, issuer.requests.length]).toEqual([[], 1])
  })

  it('are not sent to a server that names another issuer', async () => {
    const issuer = await startIssuer({}, { issuer: 'https://auth.example' })
    const error = await failure(
      issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error.message).toBe(
      `${issuer.origin} has the metadata of another issuer: use --url https://auth.example`,
    )
    expect(issuer.requests.length).toBe(1)
  })

  it('name their client, without the secret, where the issuer refuses them', async () => {
    const refused = json({ error: 'invalid_client', error_description: 'Failed.' }, 401)
    const issuer = await startIssuer({ 'POST /oauth/token': refused })
    const error = await failure(
      issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error).toBeInstanceOf(RemoteFailed)
    expect(error.message).toBe(
      `${issuer.origin} issues no token for administration to the client lkc_admin: Failed.`,
    )
  })
})

describe('a token', () => {
  it('serves several actions', async () => {
    const issuer = await startIssuer({ [SHOW]: json({}) })
    await issuer.perform(async (perform) => {
      await perform('client.show', { client_id: 'a' })
      await perform('client.show', { client_id: 'a' })
    })
    expect(issuer.paths().filter((at) => at === 'POST /oauth/token').length).toBe(1)
  })

  it('is renewed once where the server refuses it', async () => {
    const expired = problem(401, 'token_expired', 'The token has expired.')
    const issuer = await startIssuer({ [SHOW]: inTurn(expired, json({ client_id: 'a' })) })
    expect(await issuer.perform((perform) => perform('client.show', { client_id: 'a' }))).toEqual({
      client_id: 'a',
    })
    const bearers = issuer.requests.map(({ authorization }) => authorization)
    expect(bearers.filter((text) => text.startsWith('Bearer'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ])
    const always = await startIssuer({ [SHOW]: expired })
    const error = await failure(
      always.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error.message).toBe(`${always.origin} refuses the request: The token has expired.`)
  })

  it('is renewed before it expires', async () => {
    const short = json({ access_token: 'short', expires_in: 5 })
    const issuer = await startIssuer({ [SHOW]: json({}), 'POST /oauth/token': short })
    await issuer.perform(async (perform) => {
      await perform('client.show', { client_id: 'a' })
      await perform('client.show', { client_id: 'a' })
    })
    expect(issuer.paths().filter((at) => at === 'POST /oauth/token').length).toBe(2)
  })
})

describe('an answer', () => {
  it('becomes the refusal of the operation', async () => {
    const issuer = await startIssuer({ [SHOW]: problem(404, 'not_found', 'there is no client a') })
    const error = await failure(
      issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error).toBeInstanceOf(OperationRefused)
    expect(error).toMatchObject({ code: 'not_found', message: 'there is no client a' })
  })

  it.each<[string, Handler, RegExp]>([
    ['that is no JSON', (response) => response.end('<html>'), /status 200 and no problem/],
    [
      'with half a JSON value',
      (response) => response.setHeader('content-type', 'application/json').end('{"a'),
      /status 200 and no problem/,
    ],
    [
      'without the endpoint',
      problem(404, 'not_found', 'there is nothing at this address'),
      /lacks/,
    ],
    ['without the method', problem(405, 'method_not_allowed', 'GET'), /lacks the operation/],
    ['of a proxy', json('Bad gateway', 502), /status 502 and no problem/],
  ])('%s names the version', async (_, handler, message) => {
    const issuer = await startIssuer({ [SHOW]: handler })
    const error = await failure(
      issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error).toBeInstanceOf(RemoteFailed)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('it may run another version than this command (')
  })

  it('names the missing metadata of a server that is no issuer', async () => {
    const issuer = await startIssuer({
      'GET /.well-known/oauth-authorization-server': (response) => response.end('hello'),
    })
    const error = await failure(
      issuer.perform((perform) => perform('client.show', { client_id: 'a' })),
    )
    expect(error.message).toContain('is not the URL of an issuer')
  })

  it('ends the command where it does not come within the time, with a doubt for a change', async () => {
    const issuer = await startIssuer({ 'POST /silent': () => {}, 'GET /silent': () => {} })
    const { exchange, close } = openExchange()
    const ask = (method: string) =>
      failure(exchange(`${issuer.origin}/silent`, { method, silenceMs: 20 }))
    expect((await ask('GET')).message).toBe(
      `${issuer.origin} cannot be reached (no answer within 0.02 seconds)`,
    )
    expect((await ask('POST')).message).toMatch(/; the server may have made the change$/)
    close()
  })

  it('names the reason of a server that does not listen', async () => {
    const { exchange, close } = openExchange()
    const error = await failure(exchange('http://127.0.0.1:1/', { method: 'POST' }))
    expect(error.message).toBe('http://127.0.0.1:1 cannot be reached (ECONNREFUSED)')
    close()
  })

  it('is read up to the limit', async () => {
    const issuer = await startIssuer({
      'GET /long': (response) => {
        const mebibyte = Buffer.alloc(1024 * 1024, 'a')
        for (let i = 0; i < 66; i++) response.write(mebibyte)
        response.end()
      },
    })
    const { exchange, close } = openExchange()
    const answer = await exchange(`${issuer.origin}/long`)
    expect((await failure(readText(answer))).message).toMatch(/longer than 67108864 bytes/)
    close()
  })
})

describe('a list', () => {
  const items = [{ id: 'a' }, { id: 'b' }, { id: 'c' }]
  const routes: Routes = {
    'GET /admin/v1/plugins?trust=trusted&limit=1000': json({
      items: items.slice(0, 2),
      next_cursor: 'next',
    }),
    'GET /admin/v1/plugins?trust=trusted&limit=1000&cursor=next': json({
      items: items.slice(2),
      next_cursor: null,
    }),
    'GET /admin/v1/plugins?limit=2': json({ items: items.slice(0, 2), next_cursor: 'next' }),
  }

  it('is read page by page without a limit', async () => {
    const issuer = await startIssuer(routes)
    expect(
      await issuer.perform((perform) => perform('plugin.list', { query: { trust: 'trusted' } })),
    ).toEqual({ items, next_cursor: null })
  })

  it('is one page with a limit', async () => {
    const issuer = await startIssuer(routes)
    expect(
      await issuer.perform((perform) => perform('plugin.list', { query: { limit: 2 } })),
    ).toEqual({ items: items.slice(0, 2), next_cursor: 'next' })
  })
})

describe('a change', () => {
  const UPDATE = 'PATCH /admin/v1/plugins/a'
  const conflict = problem(412, 'conflict', 'the row was changed')

  it('holds for any state, and is sent again after a conflict', async () => {
    const issuer = await startIssuer({ [UPDATE]: inTurn(conflict, conflict, json({ id: 'a' })) })
    await issuer.perform((perform) => perform('plugin.update', { id: 'a', body: { name: 'x' } }))
    const sent = issuer.requests.filter(({ at }) => at === UPDATE)
    expect(sent.map(({ ifMatch, body }) => [ifMatch, body])).toEqual(
      Array.from({ length: 3 }, () => ['*', '{"name":"x"}']),
    )
  })

  it('is sent once for a state that was read', async () => {
    const issuer = await startIssuer({ [UPDATE]: conflict })
    const error = await failure(
      issuer.perform((perform) =>
        perform('plugin.update', { id: 'a', body: { name: 'x' } }, { ifMatch: 'read' }),
      ),
    )
    expect(error).toBeInstanceOf(Conflict)
    expect(issuer.requests.filter(({ at }) => at === UPDATE).map(({ ifMatch }) => ifMatch)).toEqual(
      ['"read"'],
    )
  })

  it.each(['', '.', '..'])(
    'is not sent for the id %j: its path would be another address',
    async (id) => {
      const issuer = await startIssuer()
      const error = await failure(
        issuer.perform((perform) => perform('secret.revoke', { client_id: 'a', secret_id: id })),
      )
      expect(error).toBeInstanceOf(OperationRefused)
      expect(issuer.requests).toEqual([])
    },
  )

  it('encodes its ids in the path', async () => {
    const at = 'POST /admin/v1/runs/run%2F7%3F/revoke'
    const issuer = await startIssuer({ [at]: json({}) })
    await issuer.perform((perform) => perform('run.revoke', { identifier: 'run/7?', body: {} }))
    expect(issuer.paths()).toContain(at)
  })
})

describe('an export', () => {
  const EXPORT = 'GET /admin/v1/audit/export'
  const rowsOf = (issuer: Awaited<ReturnType<typeof startIssuer>>) =>
    issuer.perform(async (perform) => {
      const rows: unknown[] = []
      for await (const row of (await perform('audit.export', {})).rows) rows.push(row)
      return rows
    })
  const lines =
    (text: string, end: (response: ServerResponse) => void): Handler =>
    (response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write(text, () => end(response))
    }

  it('yields its lines while they arrive', async () => {
    const whole = lines('{"seq":1}\n{"seq":2}\n', (response) => response.end())
    expect(await rowsOf(await startIssuer({ [EXPORT]: whole }))).toEqual([{ seq: 1 }, { seq: 2 }])
  })

  it.each<[string, Handler]>([
    ['connection', lines('{"seq":1}\n', (response) => response.destroy())],
    ['line', lines('{"seq":1}\n{"se', (response) => response.end())],
  ])('is reported as incomplete after a broken %s', async (_, handler) => {
    const error = await failure(rowsOf(await startIssuer({ [EXPORT]: handler })))
    expect(error.message).toBe('the server broke off the export: it is incomplete')
  })
})
