// authorize: for whose tokens it speaks, what it must be told, and how a refusal is answered.
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

test('the entry is the token’s own, with its policy members, and frozen all the way down', async () => {
  const policy = { max_volume: 3, hours: { from: [9] } }
  const token = await verified({ ...ENTRY, ...policy })
  const entry = verifier.authorize(token, WANTED)
  expect(entry).toEqual({ ...ENTRY, ...policy })
  const { parts, hours } = entry as { parts?: unknown; hours?: { from: unknown } }
  for (const value of [entry, parts, hours, hours?.from]) expect(Object.isFrozen(value)).toBe(true)
})

test('it is not a promise: nothing is looked up', async () => {
  const { verifier: own, server } = startVerifier()
  const token = await own.verify(bearerWith(ENTRY), REQUIRED)
  server.asked()
  expect(own.authorize(token, WANTED)).toEqual(ENTRY)
  expect(server.asked()).toBe(0)
})

test('time is not checked again', async () => {
  const { verifier: own, pass } = startVerifier()
  const token = await own.verify(bearerWith(ENTRY), REQUIRED)
  pass(LIFETIME + 60)
  expect(own.authorize(token, WANTED)).toEqual(ENTRY)
})

const good = await verified(ENTRY)

describe('a token of this verifier', () => {
  test('also when it is remembered, and when it is not', async () => {
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
    ['one that inherits', Object.create(good)],
    ['one made by hand', { ...good, claims: { ...good.claims, authorization_details: [ENTRY] } }],
    ['a proxy', new Proxy(good, {})],
    ['its claims', good.claims],
    ['its text', bearerWith(ENTRY)],
    ['none', undefined],
    ['null', null],
  ])('and no other: %s', (_, token) => {
    expect(() => verifier.authorize(token as VerifiedToken, WANTED)).toThrow(TypeError)
  })

  test('nor one of another verifier, with the same keys', async () => {
    const theirs = await startVerifier().verifier.verify(bearerWith(ENTRY), REQUIRED)
    expect(() => verifier.authorize(theirs, WANTED)).toThrow(TypeError)
    expect(verifier.authorize(good, WANTED)).toEqual(ENTRY)
  })
})

describe('a mistake of the caller', () => {
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
    ['the part left out', partLeftOut],
    ['nothing wanted', undefined],
    ['null wanted', null],
    ['text', 'main'],
    ['a run', { ...WANTED, type: 'tool_run' }],
  ])('%s', async (_, wanted) => {
    const token = await verified({ ...ENTRY, parts: '*' }, RUN)
    const authorize = () => verifier.authorize(token, wanted as WantedAuthorization)
    expect(authorize).toThrow(TypeError)
    expect(authorize).toThrow(/must be said|say run/)
  })

  test('a run is checked where it says so', async () => {
    const token = await verified({ ...ENTRY, type: 'tool_run' })
    expect(() => verifier.authorize(token, { ...WANTED, type: 'tool_run' })).toThrow(/verify/)
  })
})

describe('behind a route', () => {
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
  ])('%s %j: %j', async (path, details, playing) => {
    const response = await post(path, ...details)
    expect([response.status, await response.json()]).toEqual([200, { playing }])
  })

  test.each<[string, object[], string]>([
    ['/playlists/p1?zone=bar', [ENTRY], 'authorization_denied'],
    ['/playlists/p2', [ENTRY], 'authorization_denied'],
    ['/playlists/p1', [], 'authorization_denied'],
    ['/playlists/p1', [{ ...ENTRY, parts: ['bar', 'main'] }], 'authorization_ambiguous'],
  ])('%s %j: 403 %s', async (path, details, code) => {
    const response = await post(path, ...details)
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { error: 'insufficient_scope', code },
    ])
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope"/)
  })
})
