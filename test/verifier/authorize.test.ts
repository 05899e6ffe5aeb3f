// authorize: which tokens it accepts, which arguments it needs, and how a refusal is answered.
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import type { WantedAuthorization } from '../../src/verifier/token/details.ts'
import { type TokenEnv, honoAdapter } from '../../src/verifier/adapters/hono.ts'
import {
  VerificationError,
  type VerifiedToken,
  anyPlugin,
  authorizationChallenge,
  single,
} from '../../src/verifier/index.ts'
import { LIFETIME, REQUIRED, RUN, startVerifier, tokenWith } from './support.ts'

const { verifier } = startVerifier()

const ENTRY = { type: 'playlist', identifier: 'p1', actions: ['play'], parts: ['main'] }
const WANTED = { type: 'playlist', identifier: 'p1', action: 'play', part: 'main' }

const bearerWith = (...details: object[]): string => tokenWith({ authorization_details: details })
const verified = (...details: object[]): Promise<VerifiedToken> =>
  verifier.verify(bearerWith(...details), REQUIRED)

test('authorize returns the deeply frozen entry of the token with its policy members', async () => {
  const policy = { max_volume: 3, hours: { from: [9] } }
  const token = await verified({ ...ENTRY, ...policy })
  const entry = verifier.authorize(token, WANTED)
  expect(entry).toEqual({ ...ENTRY, ...policy })
  const { parts, hours } = entry as { parts?: unknown; hours?: { from: unknown } }
  for (const value of [entry, parts, hours, hours?.from]) expect(Object.isFrozen(value)).toBe(true)
})

test('authorize returns synchronously and makes no request', async () => {
  const { verifier: own, server } = startVerifier()
  const token = await own.verify(bearerWith(ENTRY), REQUIRED)
  server.asked()
  expect(own.authorize(token, WANTED)).toEqual(ENTRY)
  expect(server.asked()).toBe(0)
})

test('authorize does not check the expiry again', async () => {
  const { verifier: own, pass } = startVerifier()
  const token = await own.verify(bearerWith(ENTRY), REQUIRED)
  pass(LIFETIME + 60)
  expect(own.authorize(token, WANTED)).toEqual(ENTRY)
})

const good = await verified(ENTRY)

describe('authorize', () => {
  test('accepts a token of its verifier, remembered or not', async () => {
    for (const maxRemembered of [0, 1]) {
      const { verifier: own } = startVerifier({ maxRemembered })
      const bearer = bearerWith(ENTRY)
      const tokens = [await own.verify(bearer, REQUIRED), await own.verify(bearer, REQUIRED)]
      for (const token of tokens) expect(own.authorize(token, WANTED)).toEqual(ENTRY)
    }
  })

  test.each<[string, unknown]>([
    ['a copy', { ...good }],
    ['a deep copy', structuredClone(good)],
    ['an object that inherits from it', Object.create(good)],
    [
      'an object with changed claims',
      { ...good, claims: { ...good.claims, authorization_details: [ENTRY] } },
    ],
    ['a proxy', new Proxy(good, {})],
    ['the claims', good.claims],
    ['the text of the token', bearerWith(ENTRY)],
    ['undefined', undefined],
    ['null', null],
  ])('throws a TypeError for %s in place of the token', (_, token) => {
    expect(() => verifier.authorize(token as VerifiedToken, WANTED)).toThrow(TypeError)
  })

  test('throws a TypeError for a token of another verifier with the same keys', async () => {
    const theirs = await startVerifier().verifier.verify(bearerWith(ENTRY), REQUIRED)
    expect(() => verifier.authorize(theirs, WANTED)).toThrow(TypeError)
    expect(verifier.authorize(good, WANTED)).toEqual(ENTRY)
  })
})

describe('authorize arguments', () => {
  const BAD = [undefined, null, '', 7, true, ['main'], {}, Symbol('main'), new String('main')]
  const bad = ['type', 'identifier', 'action', 'part'].flatMap((member) =>
    BAD.filter((value) => member !== 'part' || value !== undefined).map(
      (value): [string, unknown] => [
        `${member} ${String(value)} (${typeof value})`,
        { ...WANTED, [member]: value },
      ],
    ),
  )
  const { part: _, ...partLeftOut } = WANTED

  test.each<[string, unknown]>([
    ...bad,
    ['part left out', partLeftOut],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'main'],
    ['the type tool_run', { ...WANTED, type: 'tool_run' }],
  ])('throw a TypeError: %s, case %#', async (_, wanted) => {
    const token = await verified({ ...ENTRY, parts: '*' }, RUN)
    const authorize = () => verifier.authorize(token, wanted as WantedAuthorization)
    expect(authorize).toThrow(TypeError)
    expect(authorize).toThrow(/(is|are) required|pass run/)
  })

  test('refer to verify for the type tool_run', async () => {
    const token = await verified({ ...ENTRY, type: 'tool_run' })
    expect(() => verifier.authorize(token, { ...WANTED, type: 'tool_run' })).toThrow(/verify/)
  })
})

describe('authorize behind a route', () => {
  const requirePermission = honoAdapter(verifier)
  const app = new Hono<TokenEnv>()
  app.post('/playlists/:id', requirePermission('hook:govern', { plugin: anyPlugin }), (c) => {
    const zone = single(c.req.url, 'zone') ?? undefined
    const granted = verifier.authorize(c.get('token'), {
      type: 'playlist',
      identifier: c.req.param('id'),
      action: 'play',
      part: zone,
    })
    return c.json({ playing: zone ?? granted['parts'] })
  })
  app.onError((error) => {
    if (!(error instanceof VerificationError)) throw error
    const { status, headers, body } = authorizationChallenge(error)
    return new Response(JSON.stringify(body), { status, headers })
  })
  const post = (path: string, ...details: object[]) =>
    app.request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearerWith(...details)}` },
    })

  test.each<[string, object[], unknown]>([
    ['/playlists/p1?zone=main', [ENTRY], 'main'],
    ['/playlists/p1', [ENTRY], ['main']],
    ['/playlists/p1?zone=', [ENTRY], ['main']],
    ['/playlists/p1?zone=bar&zone=main', [ENTRY], ['main']],
    ['/playlists/p1', [{ ...ENTRY, parts: '*' }], '*'],
  ])('grants %s with %j: %j', async (path, details, playing) => {
    const response = await post(path, ...details)
    expect([response.status, await response.json()]).toEqual([200, { playing }])
  })

  test.each<[string, object[], string]>([
    ['/playlists/p1?zone=bar', [ENTRY], 'authorization_denied'],
    ['/playlists/p2', [ENTRY], 'authorization_denied'],
    ['/playlists/p1', [], 'authorization_denied'],
    ['/playlists/p1', [{ ...ENTRY, parts: ['bar', 'main'] }], 'authorization_ambiguous'],
  ])('refuses %s with %j: 403 %s', async (path, details, code) => {
    const response = await post(path, ...details)
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { error: 'insufficient_scope', code },
    ])
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope"/)
  })
})
