// Examples for Express, Fastify and agent runs as processes, with the built verifier and a server
// that issues their tokens.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, createCaller, send } from '../support/http.ts'
import {
  type Place,
  createCli,
  latchkeyJson,
  newPlace,
  seededPlace,
  start,
  startServer,
  until,
} from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'

const scriptOf = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}/server.mjs`, import.meta.url))

let issuer: Place
/** Client that may track and not govern. */
let client: ClientCredentials
let token = ''

beforeAll(async () => {
  issuer = await seededPlace()
  await startServer(issuer)
  const { client_id: id, client_secret: secret } = await createCli(issuer).json<{
    client_id: string
    client_secret: string
  }>('client create --name c --plugin acme.sync --create-plugin --grant hook=hook:track')
  client = { id, secret }
  token = await createCaller(issuer.url).issue(client)
})

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

describe.each(['express-resource', 'fastify-resource'])('%s', (name) => {
  let url = ''
  let example: ReturnType<typeof start>

  beforeAll(async () => {
    const { directory, port, url: address } = await newPlace()
    url = address
    const environment = { ISSUER: issuer.url, PORT: String(port) }
    example = start({ directory, environment }, [], scriptOf(name))
    const ended = example.ended.then(({ stderr }) => Promise.reject(new Error(stderr)))
    ended.catch(() => {}) // the rejection after its end is expected
    await Promise.race([until(name, () => example.said.stdout.includes(url)), ended])
  })

  const call = (hook: string, bearer?: string): Promise<Answer> =>
    send(`${url}/hooks/${hook}?plugin_id=acme.sync`, {
      method: 'POST',
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    })

  it('answers 401 without a token, and names its metadata', async () => {
    const { status, headers } = await call('track')
    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `Bearer resource_metadata="${url}${WELL_KNOWN}"`,
    ])
  })

  it('answers 200 to a token with the permission', async () => {
    const { status, text } = await call('track', token)
    expect([status, JSON.parse(text)]).toEqual([200, { tracked: 'acme.sync' }])
  })

  it('answers 403 to a token without the permission, and names it', async () => {
    const { status, headers, text } = await call('govern', token)
    expect([status, JSON.parse(text)]).toMatchObject([403, { code: 'permission_missing' }])
    expect(headers['www-authenticate']).toContain('scope="hook:govern"')
  })

  it('answers 401 to a revoked token', async () => {
    const taken = await createCaller(issuer.url).issue(client)
    expect(await call('track', taken)).toMatchObject({ status: 200 })
    await latchkeyJson(issuer, ['token', 'revoke', '-'], taken)
    const refused = await until('the list', async () => {
      const answer = await call('track', taken)
      return answer.status !== 200 && answer
    })
    expect(refused).toMatchObject({ status: 401 })
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'token_revoked' })
    expect(await call('track', token)).toMatchObject({ status: 200 })
  })

  it('serves metadata that name the issuer', async () => {
    const { status, headers, text } = await send(url + WELL_KNOWN)
    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
    expect(JSON.parse(text)).toEqual({
      resource: url,
      authorization_servers: [issuer.url],
      scopes_supported: ['hook:govern', 'hook:track'],
      bearer_methods_supported: ['header'],
      resource_name: 'Hooks',
    })
  })

  it('ends on SIGTERM', async () => {
    example.child.kill('SIGTERM')
    expect(await example.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
  })
})

describe('agent-run', () => {
  const script = (name: string): string =>
    fileURLToPath(new URL(`../../examples/agent-run/${name}.mjs`, import.meta.url))
  const DETAILS = [
    {
      type: 'tool_run',
      identifier: '*',
      project_id: 'demo',
      locations: ['/v1/issues'],
      actions: ['create', 'list'],
    },
  ]

  it('runs, closes its run, and can do no more with its token', async () => {
    const cli = createCli(issuer)
    await cli.json('audience create tools --permission tools:use')
    writeFileSync(join(issuer.directory, 'run.json'), JSON.stringify(DETAILS))
    const agent = await cli.json<{ client_id: string; client_secret: string }>(
      'client create --name agent --grant tools=tools:use --details run.json',
    )
    const { directory, port, url } = await newPlace()
    const tools = start(
      { directory, environment: { ISSUER: issuer.url, PORT: String(port) } },
      [],
      script('server'),
    )
    await until('the tools', () => tools.said.stdout.includes(url))
    const environment = {
      ISSUER: issuer.url,
      TOOLS: url,
      RUN: 'run-1',
      CLIENT_ID: agent.client_id,
      CLIENT_SECRET: agent.client_secret,
    }
    const { code, stdout, stderr } = await start({ directory, environment }, [], script('agent'))
      .ended
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.trim().split('\n')
    expect(lines.slice(0, 4)).toEqual([
      'POST /v1/issues → 200',
      'GET /v1/issues → 403 operation_denied',
      'POST /v1/pages → 403 endpoint_denied',
      'run-1 is closed; tokens of it that were out: 1',
    ])
    expect(lines.at(-1)).toBe('POST /v1/issues → 401 token_revoked')

    const again = await start({ directory, environment }, [], script('agent')).ended
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('400 run_closed')])
    tools.child.kill('SIGTERM')
    expect(await tools.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
  })
})
