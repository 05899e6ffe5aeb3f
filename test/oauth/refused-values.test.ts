// Values in refusals: each refusal names the refused value in the characters of RFC 6749 §5.2,
// shortened and without secrets. The log line has the client, the audience, the scope and the code.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OAUTH_ERRORS, OAuthError, type OAuthErrorCode, refusedValue } from '../../src/errors.ts'
import { hideSecrets, shownValue } from '../../src/text/redaction.ts'
import type { ClientCredentials } from '../support/records.ts'
import { FORM_TYPE, type TestServer, basic, startServer } from '../support/server.ts'

const DESCRIBABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/
const CODES = Object.keys(OAUTH_ERRORS) as OAuthErrorCode[]

const NASTY = '"\\é\u202e\n\ud800…'
const SECRET = `lks_${'aB3'.repeat(14)}x`
const JWT = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJ4In0xyz', 'c2ln'].join('.')

describe('error description', () => {
  it.each(CODES)('has only the characters of RFC 6749 §5.2 for %s', (code) => {
    for (const value of ['', NASTY, 'x'.repeat(5_000), NASTY.repeat(500)]) {
      for (const error of [
        new OAuthError(code),
        new OAuthError(code, { description: value || 'x' }),
        refusedValue(code, [value, value]),
      ]) {
        expect(error.message).toMatch(DESCRIBABLE)
      }
      expect(refusedValue(code, Array(100).fill(value)).message.length).toBeLessThan(6_000)
    }
  })
})

describe('shownValue', () => {
  it.each([
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
    ['sk-', 'proj-abcdefgh'].join(''),
    ['ghp_', 'abcdefghij'].join(''),
    ['xoxb', '-1234-abcdefgh'].join(''),
  ])('hides %s, a key of another vendor', (key) => {
    for (const text of [key, `read ${key}`, `x=${key}`]) {
      expect(shownValue(text)).toBe(text.replace(key, '…').replace('x=…', shownValue(`x=${key}`)))
      expect(shownValue(text)).not.toContain(key.slice(6, 14))
    }
  })

  it.each([
    SECRET,
    JWT,
    `Bearer ${JWT}`,
    `x ${SECRET} y`,
    SECRET.toUpperCase(),
    SECRET.slice(4),
    Buffer.from(`lkc_abc:${SECRET}`).toString('base64'),
    '0123456789abcdef'.repeat(3),
    `${'a b '.repeat(127)}${SECRET}`,
    `${'x'.repeat(500)}${SECRET}`,
    `${'x '.repeat(248)}${SECRET.slice(4)}`,
  ])('hides the secret in %s', (text) => {
    for (const part of [SECRET.slice(4, 14), SECRET.slice(4, 14).toUpperCase(), JWT.slice(8, 18)]) {
      expect(shownValue(text)).not.toContain(part)
    }
    expect(shownValue(text)).not.toMatch(/bGtj|0123456789abcdef/)
  })

  it.each([
    'hook:govern',
    'https://api.example/v1/some/long/path/with/many/parts/in/it?x=1',
    'lkc_abc',
    'run-20260131-7f3a',
    'a-very-long-name-of-a-permission-in-lower-case-2',
    'lkc_7hQm0c8wJ9f2S4tXb1YzKg',
    '550e8400-e29b-41d4-a716-446655440000',
    'client_credentials_for_a_machine',
    'key',
    'eye.eye',
    'talks_write',
    'task-12345678',
    'sk-SK',
    'https://api.example/V1/Users/Groups/MyThing2',
  ])('keeps the harmless value %s', (text) => {
    expect(shownValue(text)).toBe(text)
    expect(hideSecrets(text)).toBe(text)
  })

  it('returns one short line', () => {
    expect(shownValue('x'.repeat(9_999)).length).toBeLessThan(140)
    expect(shownValue('a\nb\u202ec')).toBe('a\\u{a}b\\u{202e}c')
  })
})

let server: TestServer
let client: ClientCredentials
let gated: ClientCredentials
beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read', 'write'])
  await server.audience('mail', ['read', 'send'])
  await server.audience('gate', ['open'], { requiresPlugin: true })
  const run = { type: 'tool_run', project_id: 'p', locations: '*' as const, actions: '*' as const }
  client = await server.client({
    grants: { docs: ['read', 'write'], mail: ['read', 'send'] },
    plugins: ['slack'],
    details: [{ ...run, identifier: 'run-1' }],
  })
  gated = await server.client({ grants: { gate: ['open'] } })
})
beforeEach(() => {
  server.lines.length = 0
})

const OF_DOCS = { audience: 'docs' }
const runs = (...identifiers: string[]) =>
  JSON.stringify(identifiers.map((identifier) => ({ type: 'tool_run', identifier })))

type Case = [code: OAuthErrorCode, form: Record<string, string>, named: string[]]
const CASES: Case[] = [
  ['grant_type_unsupported', { grant_type: 'password' }, ['password']],
  ['target_malformed', { resource: 'docs#x' }, ['docs#x']],
  ['target_mismatch', { audience: 'docs', resource: 'urn:mail' }, ['docs', 'urn:mail']],
  ['target_not_granted', { audience: 'nowhere' }, ['nowhere']],
  ['target_not_granted', { resource: 'https://n.example' }, ['https://n.example']],
  ['target_ambiguous', { scope: 'read' }, ['read']],
  ['target_ambiguous', { scope: 'read send write' }, ['read', 'send', 'write']],
  ['scope_not_granted', { scope: 'fly high' }, ['any audience: fly high.']],
  ['scope_not_granted', { scope: 'read fly send' }, ['any audience: fly.']],
  ['scope_malformed', { ...OF_DOCS, scope: 'read  é' }, ['read  %C3%A9']],
  ['scope_not_granted', { ...OF_DOCS, scope: 'read send fly' }, ['send fly']],
  ['plugin_not_allowed', { ...OF_DOCS, plugin_id: 'github' }, ['github']],
  ['details_malformed', { ...OF_DOCS, authorization_details: '[{"type":7}]' }, ['0.type']],
  [
    'details_malformed',
    { ...OF_DOCS, authorization_details: '[{"type":"tool_run","identifier":7}]' },
    ['0.identifier', 'not 7.'],
  ],
  ['details_not_granted', { ...OF_DOCS, authorization_details: runs('run-2') }, ['tool_run=run-2']],
  [
    'details_not_granted',
    { ...OF_DOCS, authorization_details: runs('run-1', 'run-3') },
    [': tool_run=run-3.'],
  ],
  [
    'details_repeated',
    {
      ...OF_DOCS,
      authorization_details: '[{"type":"tool_run"},{"type":"tool_run","identifier":"run-1"}]',
    },
    ['tool_run'],
  ],
  ['parameter_misspelled', { ...OF_DOCS, 'scope[]': 'read' }, ['scope[]', 'scope']],
]

describe('refused token request', () => {
  it.each(CASES)(
    'names the value in the answer and in one log line: %s %j',
    async (code, form, named) => {
      const response = await server.requestToken(form, { basic: client })
      const body = (await response.json()) as Record<string, string>
      expect(body['code']).toBe(code)
      for (const text of named) expect(body['error_description']).toContain(text)
      expect(server.lines).toHaveLength(1)
      expect(server.lines[0]).toMatchObject({ msg: 'refused', code, clientId: client.id })
      expect(server.lines[0]?.['detail']).toBe(body['error_description'])
      for (const [name, field] of [
        ['audience', 'audience'],
        ['resource', 'resource'],
        ['scope', 'scope'],
        ['plugin_id', 'plugin'],
      ] as const) {
        if (form[name] !== undefined) expect(server.lines[0]?.[field]).toBe(form[name])
      }
    },
  )

  it('names the audience that needs a plugin, and logs it although the request omits it', async () => {
    const response = await server.requestToken({ scope: 'open' }, { basic: gated })
    expect(await response.json()).toMatchObject({
      code: 'plugin_required',
      error_description: expect.stringMatching(/: gate\.$/) as unknown,
    })
    const logged = { clientId: gated.id, audience: 'gate', scope: 'open', code: 'plugin_required' }
    expect(server.lines).toMatchObject([logged])
  })

  it.each([
    ['audience', 'audience'],
    ['scope', 'scope'],
    ['plugin_id', 'plugin'],
    ['client_id', 'clientId'],
    ['grant_type', null],
    ['authorization_details', null],
    [SECRET, null],
    [`${SECRET}[scope]`, null],
  ])('hides a secret sent as %s, in the answer and in the log', async (name, field) => {
    const credentials = { client_id: client.id, client_secret: client.secret }
    for (const secret of [client.secret, JWT, `x${client.secret}`]) {
      server.lines.length = 0
      const form = { grant_type: 'client_credentials', ...credentials, [name]: secret }
      const response = await server.post('/oauth/token', form)
      const written = (await response.text()) + JSON.stringify(server.lines)
      expect(written).not.toContain(secret.slice(8, 18))
      if (field !== null) expect(server.lines.at(-1)?.[field]).toMatch(/…/)
    }
  })
})

describe('failed client authentication', () => {
  it.each([
    ['somebody', 'somebody'],
    ['a\u202eb', 'a\\u{202e}b'],
    ['x'.repeat(300), `${'x'.repeat(128)}…`],
    [SECRET, '…'],
    ['correct horse', '…', 'correct horse'],
  ])('logs the client id %j as %j', async (id, shown, secret = 'wrong') => {
    const form = { ...OF_DOCS, scope: 'read', client_id: id, client_secret: secret }
    const response = await server.requestToken(form)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain(id)
    const asked = { audience: 'docs', scope: 'read', code: 'client_authentication_failed' }
    expect(server.lines).toMatchObject([
      { msg: 'client authentication failed', clientId: shown },
      { msg: 'refused', clientId: shown, ...asked },
    ])
    expect(JSON.stringify(server.lines)).not.toContain('correct horse')
  })

  it('logs the client id when the secret is a part of it', async () => {
    for (const secret of ['x', 'lkc_', client.id.slice(0, 20), client.id]) {
      server.lines.length = 0
      await server.requestToken({}, { basic: { ...client, secret } })
      expect(server.lines).toMatchObject([{ clientId: client.id }, { clientId: client.id }])
    }
  })

  it.each(['audience', 'scope', 'resource', 'plugin_id', 'client_id', 'grant_type'])(
    'hides the presented secret when %s repeats it, in the answer and in the log',
    async (name) => {
      for (const secret of ['correct horse', 'tröst-"x"-\\1', 'a&b=c d+e%20f']) {
        server.lines.length = 0
        const form = {
          grant_type: 'client_credentials',
          client_id: client.id,
          client_secret: secret,
          [name]: `urn:${secret}`,
        }
        const text = await (await server.post('/oauth/token', form)).text()
        const written = text + JSON.stringify(server.lines)
        for (const spelling of [
          secret,
          JSON.stringify(secret).slice(1, -1),
          encodeURIComponent(secret),
        ]) {
          expect(written).not.toContain(spelling)
        }
      }
    },
  )

  it('logs the client id of a Basic header, and none for a malformed header', async () => {
    await server.requestToken({}, { basic: { ...client, secret: 'wrong' } })
    expect(server.lines).toMatchObject([{ clientId: client.id }, { clientId: client.id }])
    server.lines.length = 0
    await server.requestToken({}, { headers: { Authorization: 'Basic !' } })
    expect(server.lines).toHaveLength(1)
    expect(server.lines[0]?.['clientId']).toBeUndefined()
  })
})

describe('refusal', () => {
  it.each([
    ['/oauth/introspect', 'token_type_hints=x', 'token_type_hints'],
    ['/oauth/revoke', 'tokens=x', 'tokens'],
    ['/oauth/runs/revoke', 'identifier=nope', 'nope'],
    ['/oauth/revoke', 'token=a&token=b', 'token'],
    ['/oauth/token', 'resource=urn:a&resource=urn:b', 'urn:a urn:b'],
    ['/oauth/token', 'scope=%FF', 'scope'],
    [
      '/oauth/token',
      'grant_type=client_credentials&client_secret=x',
      'Authorization client_secret',
    ],
  ])('names the value, and its log line the client: %s %s names %s', async (path, body, named) => {
    const response = await server.post(path, body, { basic: client })
    const answer = (await response.json()) as Record<string, string>
    expect(answer['error_description']).toContain(named)
    expect(server.lines).toMatchObject([
      { msg: 'refused', clientId: client.id, code: answer['code'] },
    ])
  })

  it('has a log line with the client for a body that was not parsed', async () => {
    const headers = { 'Content-Type': FORM_TYPE, 'Content-Encoding': 'gzip' }
    const sent = {
      method: 'POST',
      body: 'x',
      headers: { ...headers, Authorization: basic(client) },
    }
    await server.request('/oauth/token', sent)
    expect(server.lines).toMatchObject([
      { code: 'content_encoding_unsupported', clientId: client.id },
    ])
  })
})
