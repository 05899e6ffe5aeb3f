// Rates of other endpoints of one server beside its token endpoint: ES256 audiences, introspection, JWKS and metadata.
import { deepEqual, equal } from 'node:assert/strict'
import type { Run } from '../result.ts'
import { startComparison } from '../support/comparison.ts'
import { createClient, newPlace, runCli, startLatchkey } from '../support/latchkey.ts'
import { versionOf } from '../support/environment.ts'
import { type Answer, type Target, ask, askOften, basic, formTarget } from '../support/requests.ts'
import {
  COLUMNS,
  described,
  failuresOf,
  lengthOf,
  measureRounds,
  rateRatio,
  rowOf,
} from '../support/rounds.ts'
import { checkedTokens, tokenOf } from '../support/tokens.ts'

const CHECKED = 1_000
const ES256_AUDIENCE = 'fast'
const JWKS = '/.well-known/jwks.json'
const METADATA = '/.well-known/oauth-authorization-server'

const page = (port: number, path: string): Target => ({ port, method: 'GET', path, headers: {} })

const parsed = ({ status, text }: Answer): Record<string, unknown> => {
  equal(status, 200, text)
  return JSON.parse(text) as Record<string, unknown>
}

const checkAll = async (target: Target, expected: Record<string, unknown>): Promise<void> => {
  const { answers } = await askOften(() => target, { maxRequests: CHECKED })
  for (const answer of answers) deepEqual(parsed(answer), expected)
}

export const run: Run = async ({ quick }) => {
  const place = newPlace()
  place.env['LATCHKEY_ALGORITHMS'] = 'RS256,ES256'
  const first = await startLatchkey(place)
  const permission = ['--permission', `${ES256_AUDIENCE}:use`]
  runCli(place, ['audience', 'create', ES256_AUDIENCE, '--alg', 'ES256', ...permission])
  const grants = ['--grant', `${ES256_AUDIENCE}=${ES256_AUDIENCE}:use`]
  const client = createClient(place, grants)
  first.child.kill()
  await new Promise((resolve) => first.child.once('exit', resolve))
  const server = await startLatchkey(place)
  const { port } = server
  const post = (path: string, form: Record<string, string>): Target =>
    formTarget(port, path, { authorization: basic(client), form })
  const tokenFor = (audience: string): Target =>
    post('/oauth/token', { grant_type: 'client_credentials', audience })
  const jtis = new Set<unknown>()
  const scopes = { hook: 'hook:govern hook:track', [ES256_AUDIENCE]: `${ES256_AUDIENCE}:use` }
  for (const [aud, scope] of Object.entries(scopes)) {
    const alg = aud === ES256_AUDIENCE ? 'ES256' : 'RS256'
    await checkedTokens(tokenFor(aud), server, { aud, scope, alg, jtis, count: CHECKED })
  }
  const token = tokenOf(await ask(tokenFor('hook')))
  const introspection = post('/oauth/introspect', { token })
  const state = parsed(await ask(introspection))
  equal(state['active'], true)
  equal(state['client_id'], client.clientId)
  await checkAll(introspection, state)
  const pages: Record<string, unknown> = {}
  for (const path of [JWKS, METADATA]) pages[path] = parsed(await ask(page(port, path)))
  deepEqual(pages[JWKS], { ...server.jwks })
  for (const [path, expected] of Object.entries(pages)) {
    await checkAll(page(port, path), expected as Record<string, unknown>)
  }
  const other = await startComparison('static', { ...client, claims: {}, pages })
  for (const [path, expected] of Object.entries(pages)) {
    await checkAll(page(other.port, path), expected as Record<string, unknown>)
  }
  const length = lengthOf(quick)
  const figures = await measureRounds(
    [
      { name: 'token, RS256', pid: server.pid, target: tokenFor('hook') },
      { name: 'token, ES256', pid: server.pid, target: tokenFor(ES256_AUDIENCE) },
      { name: 'introspection', pid: server.pid, target: introspection },
      { name: 'JWKS', pid: server.pid, target: page(port, JWKS) },
      { name: 'JWKS, static Hono', pid: other.pid, target: page(other.port, JWKS) },
      { name: 'metadata', pid: server.pid, target: page(port, METADATA) },
      { name: 'metadata, static Hono', pid: other.pid, target: page(other.port, METADATA) },
    ],
    length,
  )
  const rate = (text: string, value: number, least: number) => ({ text, value, unit: '×', least })
  const [rs256, elliptic, introspected, jwks, staticJwks, metadata, staticMetadata] = figures
  return {
    tables: [{ title: described(length), columns: COLUMNS, rows: figures.map(rowOf) }],
    targets: [
      rate('Rate of ES256 tokens, of RS256', rateRatio(elliptic!, rs256!), 2.5),
      rate('Rate of introspection, of the token endpoint', rateRatio(introspected!, rs256!), 2.5),
      rate('Rate of the JWKS, of a static Hono answer', rateRatio(jwks!, staticJwks!), 0.9),
      rate(
        'Rate of the metadata, of a static Hono answer',
        rateRatio(metadata!, staticMetadata!),
        0.9,
      ),
    ],
    notes: failuresOf(figures),
    versions: { hono: versionOf('hono') },
  }
}
