// Metadata document of a resource server (RFC 9728): its place, its members, how it is served and
// named.
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import * as forExpress from '../../src/verifier/adapters/express.ts'
import * as forFastify from '../../src/verifier/adapters/fastify.ts'
import {
  type ProtectedResourceMetadata,
  type ProtectedResourceOptions,
  VerificationError,
  authorizationChallenge,
  protectedResourceMetadata,
  serveMetadata,
} from '../../src/verifier/index.ts'
import { ADAPTER_OF } from './adapters.ts'
import { onExpress, onFastify } from './frameworks.ts'
import { ISSUER, startVerifier } from './support.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const MINIMAL = { resource: 'https://api.example', issuer: ISSUER }

test.each([
  ['https://api.example', 'https://api.example', ''],
  ['https://api.example/', 'https://api.example', ''],
  ['https://api.example/hooks', 'https://api.example', '/hooks'],
  ['https://api.example/hooks/', 'https://api.example', '/hooks/'],
  ['https://api.example:8443/a/b', 'https://api.example:8443', '/a/b'],
  ['http://127.0.0.1:8790', 'http://127.0.0.1:8790', ''],
  ['http://localhost:8790/v1', 'http://localhost:8790', '/v1'],
])('metadata of %s has its document below the well-known path (§3.1)', (resource, origin, path) => {
  const metadata = protectedResourceMetadata({ ...MINIMAL, resource })
  expect(metadata.path).toBe(WELL_KNOWN + path)
  expect(metadata.url).toBe(origin + WELL_KNOWN + path)
  expect(metadata.document.resource).toBe(resource)
})

test('metadata has the given members and the constant ones alone (§2, §3.2)', () => {
  const always = {
    resource: MINIMAL.resource,
    authorization_servers: [ISSUER],
    bearer_methods_supported: ['header'],
  }
  expect(protectedResourceMetadata(MINIMAL).document).toEqual(always)
  expect(protectedResourceMetadata({ ...MINIMAL, permissions: [] }).document).toEqual(always)
  const documentation = 'https://docs.example/hooks?v=1'
  const all = { ...MINIMAL, permissions: ['hook:govern', 'hook:track'], name: 'Hooks' }
  expect(protectedResourceMetadata({ ...all, documentation }).document).toEqual({
    ...always,
    scopes_supported: ['hook:govern', 'hook:track'],
    resource_name: 'Hooks',
    resource_documentation: documentation,
  })
})

test.each<[keyof ProtectedResourceOptions, unknown]>([
  ...[
    undefined,
    '',
    'hook',
    'urn:hook',
    '/hooks',
    'http://api.example',
    'ftp://api.example',
    'https://api.example#',
    'https://api.example/#x',
    'https://api.example?',
    'https://api.example/?q=1',
    'https://user@api.example',
    'https://user:secret@api.example/',
    'https://API.example',
    'https://api.example:443',
    'https://api.example/a/../b',
    'https://api.example/:id',
    'https://api.example/*',
    'https://api.example/{a}',
    'https://api.example/a b',
    'https://api.example/%2e',
    ' https://api.example',
    'https://api.example\n',
  ].map((value): ['resource', unknown] => ['resource', value]),
  ['issuer', undefined],
  ['issuer', 'https://auth.example/'],
  ['issuer', 'http://auth.example'],
  ['permissions', 'hook:govern'],
  ['permissions', ['hook:govern hook:track']],
  ['permissions', ['']],
  ['permissions', ['a"b']],
  ['permissions', null],
  ['name', ''],
  ['name', 1],
  ['documentation', 'docs'],
  ['documentation', 'javascript:alert(1)'],
])('metadata with %s: %j is refused', (member, value) => {
  const options = { ...MINIMAL, [member]: value } as ProtectedResourceOptions
  expect(() => protectedResourceMetadata(options)).toThrow(new RegExp(`^${member} must be `))
})

const SERVED = {
  hono: async (metadata: ProtectedResourceMetadata, method: string) => {
    const app = new Hono().get(metadata.path, serveMetadata(metadata))
    return await app.request(metadata.path, { method })
  },
  request: (metadata: ProtectedResourceMetadata, method: string) => {
    const { body, headers } = serveMetadata(metadata)()
    return Promise.resolve(new Response(method === 'HEAD' ? null : body, { headers }))
  },
  express: ({ path, ...metadata }: ProtectedResourceMetadata, method: string) =>
    onExpress((app) => void app.get(path, forExpress.serveMetadata({ path, ...metadata })), {
      method,
      target: path,
    }),
  fastify: ({ path, ...metadata }: ProtectedResourceMetadata, method: string) =>
    onFastify((app) => void app.get(path, forFastify.serveMetadata({ path, ...metadata })), {
      method,
      target: path,
    }),
}

describe.each(Object.entries(SERVED))('metadata served with %s', (_, serve) => {
  test.each([
    'https://api.example',
    'https://api.example/hooks',
    'https://api.example/~a/b.c_d-e/',
  ])('answers GET and HEAD for %s', async (resource) => {
    const metadata = protectedResourceMetadata({ ...MINIMAL, resource })
    const response = await serve(metadata, 'GET')
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=3600',
      'content-type': 'application/json',
    })
    expect(await response.json()).toEqual(metadata.document)
    const head = await serve(metadata, 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})

const NO_URL = [
  '',
  '/.well-known/oauth-protected-resource',
  'api.example',
  'http://api.example/x',
  'https://api.example/#x',
  'https://api.example/"',
  'https://api.example/?a="b"',
  'https://api.example/\\',
  'https://api.example/ x',
  'https://api.example/\r\nX-Evil: 1',
  'https://api.example/é',
  null,
  1,
]

test.each(NO_URL)('resourceMetadata is refused: %j', (value) => {
  const options = { resourceMetadata: value as string }
  const { verifier } = startVerifier()
  for (const adapterOf of Object.values(ADAPTER_OF)) {
    expect(() => adapterOf(verifier, options)).toThrow(/^resourceMetadata must be /)
  }
  const refused = new VerificationError('token_missing')
  expect(() => authorizationChallenge(refused, null, options)).toThrow(TypeError)
})

test('resourceMetadata may be undefined', () => {
  const refused = new VerificationError('token_missing')
  const { headers } = authorizationChallenge(refused, null, { resourceMetadata: undefined })
  expect(headers['WWW-Authenticate']).toBe('Bearer')
})
