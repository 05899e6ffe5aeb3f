// Authorization endpoint (RFC 6749 §3.1): the metadata names it, and it refuses every request.
import { beforeAll, describe, expect, it } from 'vitest'
import { type TestServer, startServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

const EVIL = 'https://evil.example/cb'
const MARK = 'm4rk3d'
const FORM = 'application/x-www-form-urlencoded'

const requestOf = (parameters: string | Record<string, string>): string =>
  new URLSearchParams(parameters).toString()

const PARAMETERS: [title: string, parameters: string][] = [
  ['no parameters', ''],
  [
    'response type code',
    requestOf({ response_type: 'code', client_id: MARK, redirect_uri: EVIL, state: MARK }),
  ],
  [
    'response type token',
    requestOf({ response_type: 'token', client_id: MARK, redirect_uri: EVIL }),
  ],
  ['the response type of the metadata', requestOf({ response_type: 'none', redirect_uri: EVIL })],
  ['an unknown response type', requestOf({ response_type: MARK, redirect_uri: EVIL })],
  ['no response type', requestOf({ redirect_uri: EVIL, state: MARK })],
  ['several response types', requestOf('response_type=code&response_type=token')],
  ['another response mode', requestOf({ response_type: 'code', response_mode: 'form_post' })],
  ['prompt none', requestOf({ response_type: 'code', prompt: 'none', redirect_uri: EVIL })],
  [
    'a script as redirection URI',
    requestOf({ redirect_uri: `javascript:${MARK}`, state: '<script>' }),
  ],
  [
    'a line break in redirection URI and state',
    requestOf({ redirect_uri: `${EVIL}\r\nLocation: ${EVIL}`, state: `\r\n${MARK}` }),
  ],
  ['malformed parameters', `%${MARK}&=&&response_type`],
]

const WAYS: [title: string, ask: (parameters: string) => Promise<Response>][] = [
  ['GET', (parameters) => server.request(`/oauth/authorize?${parameters}`)],
  [
    'POST with a form',
    (body) =>
      server.request('/oauth/authorize', {
        method: 'POST',
        body,
        headers: { 'Content-Type': FORM, Referer: EVIL, Origin: 'https://evil.example' },
      }),
  ],
  [
    'POST with a query',
    (parameters) => server.request(`/oauth/authorize?${parameters}`, { method: 'POST' }),
  ],
  [
    'POST with another body',
    (body) =>
      server.request('/oauth/authorize', {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json', Authorization: `Basic ${MARK}` },
      }),
  ],
]

describe.each(WAYS)('authorization endpoint asked by %s', (_, ask) => {
  it.each(PARAMETERS)(
    'refuses %s and neither redirects nor repeats a value',
    async (__, parameters) => {
      const response = await ask(parameters)
      const text = await response.text()
      expect(response.status).toBe(400)
      expect(JSON.parse(text)).toEqual({
        error: 'unsupported_response_type',
        error_description:
          'Users do not authorize clients here: ask the token endpoint with client_credentials.',
        code: 'response_type_unsupported',
      })
      const headers = Object.fromEntries(response.headers)
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
      })
      for (const absent of ['location', 'refresh', 'link', 'set-cookie', 'www-authenticate']) {
        expect(headers).not.toHaveProperty(absent)
      }
      expect(headers).not.toHaveProperty('access-control-allow-origin')
      expect(JSON.stringify([headers, text])).not.toMatch(/evil|m4rk3d|<script/)
    },
  )
})

it('authorization endpoint refuses HEAD without a body', async () => {
  const response = await server.request('/oauth/authorize', { method: 'HEAD' })
  expect([response.status, await response.text()]).toEqual([400, ''])
})

it('authorization endpoint logs the refusal without its parameters', async () => {
  const own = await startServer()
  await own.request(`/oauth/authorize?${PARAMETERS[1]?.[1]}`)
  const lines = JSON.stringify(own.lines)
  expect(lines).toContain('response_type_unsupported')
  expect(lines).not.toMatch(/evil|m4rk3d/)
})
