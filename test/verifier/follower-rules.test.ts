// Rules by kind: which tokens each revokes, and which it leaves valid.
import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import type { Verifier } from '../../src/verifier/types.ts'
import { type Entry, cursor, following, page } from './lists.ts'
import { CLAIMS, HEADER, KEY, NOW, OTHER_KEY, RUN, forge, newKey, tokenWith } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const follow = async (...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  return follower
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
const rule = (kind: string, value: string, gen?: number): Entry => ({
  kind,
  value,
  ...(gen !== undefined && { gen }),
})
const run = (workspace: string, identifier: string) =>
  rule('run', sha256(`${workspace}\n${identifier}`))
/** Made before the tests, because a key that is made holds up all of them. */
const NEXT_KEY = newKey('k3')
const GOOD = 'good'
const REVOKED = 'token_revoked'

describe.concurrent.each<[string, Entry[], [string, object, string][]]>([
  [
    'jti',
    [rule('jti', 'jti-1')],
    [
      ['that token', {}, REVOKED],
      ['another token', { jti: 'jti-2' }, GOOD],
      ['a jti in another letter case', { jti: 'JTI-1' }, GOOD],
    ],
  ],
  [
    '128-bit jti',
    [rule('jti', 'AAAAAAAAAAAAAAAAAAAAAA')],
    [
      ['that token', { jti: 'AAAAAAAAAAAAAAAAAAAAAA' }, REVOKED],
      ['another token', { jti: 'AAAAAAAAAAAAAAAAAAAAAQ' }, GOOD],
      ['another spelling of the same bits', { jti: 'AAAAAAAAAAAAAAAAAAAAAB' }, GOOD],
    ],
  ],
  [
    'client',
    [rule('client', 'lkc_1', 3), rule('client', 'lkc_1', 2)],
    [
      ['an older generation', { client_gen: 2 }, REVOKED],
      ['this generation', { client_gen: 3 }, GOOD],
      ['no generation', { client_gen: undefined }, REVOKED],
      ['a generation that is a text', { client_gen: '9' }, REVOKED],
      ['a generation in between', { client_gen: 3.5 }, REVOKED],
      ['another client', { client_id: 'lkc_2', client_gen: 1 }, GOOD],
      ['a workspace of that name', { client_id: 'x', workspace_id: 'lkc_1' }, GOOD],
    ],
  ],
  [
    'plugin',
    [rule('plugin', 'acme.sync', 2)],
    [
      ['an older generation', {}, REVOKED],
      ['this generation', { plugin_gen: 2 }, GOOD],
      ['no generation', { plugin_gen: undefined }, REVOKED],
    ],
  ],
  [
    'workspace',
    [rule('workspace', sha256('default'), 2)],
    [
      ['an older generation', {}, REVOKED],
      ['this generation', { workspace_gen: 2 }, GOOD],
      ['no generation', { workspace_gen: undefined }, REVOKED],
      ['another workspace', { workspace_id: 'other' }, GOOD],
      ['no workspace', { workspace_id: undefined }, GOOD],
    ],
  ],
  [
    'run',
    [run('default', 'run-1'), run('', 'run-1')],
    [
      ['that run', {}, REVOKED],
      [
        'that run among others',
        { authorization_details: [{ ...RUN, identifier: 'run-2' }, RUN] },
        REVOKED,
      ],
      ['another run', { authorization_details: [{ ...RUN, identifier: 'run-2' }] }, GOOD],
      ['that run of another workspace', { workspace_id: 'other' }, GOOD],
      ['that run of no workspace', { workspace_id: undefined }, REVOKED],
      ['another type', { authorization_details: [{ ...RUN, type: 'playlist' }] }, GOOD],
      ['no run', { authorization_details: undefined }, GOOD],
    ],
  ],
  [
    'workspace by its reference',
    [rule('workspace', sha256('ref-1'), 2)],
    [
      ['an older generation', { workspace_ref: 'ref-1' }, REVOKED],
      [
        'an older generation with a malformed workspace_id',
        { workspace_ref: 'ref-1', workspace_id: 7 },
        REVOKED,
      ],
      ['this generation', { workspace_ref: 'ref-1', workspace_gen: 2 }, GOOD],
      ['no generation', { workspace_ref: 'ref-1', workspace_gen: undefined }, REVOKED],
      ['another reference', { workspace_ref: 'ref-2' }, GOOD],
      ['a workspace of that name', { workspace_id: 'ref-1', workspace_gen: 2 }, GOOD],
      ['no reference', {}, GOOD],
      ['a reference of another type', { workspace_ref: 7 }, 'token_malformed'],
      ['null as reference', { workspace_ref: null }, 'token_malformed'],
    ],
  ],
  [
    'run by a reference',
    [run('ref-1', 'run-1')],
    [
      ['that run', { workspace_ref: 'ref-1' }, REVOKED],
      ['that run of no workspace', { workspace_ref: 'ref-1', workspace_id: undefined }, REVOKED],
      ['that run of another reference', { workspace_ref: 'ref-2' }, GOOD],
      ['no reference', {}, GOOD],
    ],
  ],
  [
    'rules of older servers',
    [rule('workspace', sha256('acme'), 2), run('default', 'run-1')],
    [
      ['the workspace', { workspace_id: 'acme', workspace_ref: 'ref-1' }, REVOKED],
      ['the run', { workspace_ref: 'ref-1' }, REVOKED],
      ['another workspace', { workspace_id: 'other', workspace_ref: 'ref-1' }, GOOD],
    ],
  ],
])('rule: %s', (_, rules, cases) => {
  test.each(cases)('applied to %s gives %3$s', async (_name, claims, code) => {
    const { check } = await follow(rules)
    expect(await check(tokenWith(claims))).toBe(code)
  })
})

test.concurrent('rule revokes a token that the cache holds', async () => {
  const { check, say, verifier } = await follow()
  expect([await check(), await check()]).toEqual([GOOD, GOOD])
  expect(verifier.status().remembered).toEqual({ size: 1, hits: 1, misses: 1, hitRate: 0.5 })
  await say(page({ seq: 11, entries: [run('default', 'run-1')] }))
  expect(await check()).toBe(REVOKED)
})

describe.concurrent('revoked or unknown key', () => {
  const ofOther = (claims = {}) =>
    forge({
      header: { ...HEADER, kid: OTHER_KEY.kid },
      payload: { ...CLAIMS, ...claims },
      key: OTHER_KEY,
    })
  const REVOKES = page({ seq: 11, entries: [{ kind: 'key', value: OTHER_KEY.kid, exp: null }] })

  const withBoth = async () => {
    const follower = await follow()
    follower.server.keys = [KEY.jwk, OTHER_KEY.jwk]
    await follower.say(page({ seq: 10, iat: NOW, key: OTHER_KEY })) // unknown, so the keys are fetched
    expect([await follower.check(), await follower.check(ofOther())]).toEqual([GOOD, GOOD])
    return follower
  }

  test('loses its tokens at once, though it is still published', async () => {
    const { check, say, verifier } = await withBoth()
    expect(verifier.status().remembered.size).toBe(2)
    expect(await say(REVOKES)).toBeNull()
    expect(verifier.status().remembered.size).toBe(1)
    expect(await check(ofOther())).toBe(REVOKED)
    expect(await check(ofOther({ jti: 'new' }))).toBe(REVOKED)
    expect(verifier.status().remembered.size).toBe(1)
    expect(await check()).toBe(GOOD)
    expect(verifier.status().keys).toEqual([
      { kid: KEY.kid, state: 'published' },
      { kid: OTHER_KEY.kid, state: 'revoked' },
    ])
  })

  test.each(['published', 'withdrawn'])(
    'revokes its tokens and causes no request for keys: %s',
    async (state) => {
      const { check, say, server, time, verifier } = await withBoth()
      if (state === 'withdrawn') server.keys = [KEY.jwk]
      time.monotonic += 1
      expect(await say(REVOKES)).toBeNull()
      const published = verifier.status().jwks.age === 0 && server.keys.length === 1
      expect(published).toBe(state === 'withdrawn')
      server.keyRequests.length = 0
      const [header, claims] = ofOther({ jti: 'forged' }).split('.')
      const forged = `${header}.${claims}.${'A'.repeat(342)}`
      const codes = [await check(ofOther()), await check(ofOther({ jti: 'new' }))]
      expect(codes).toEqual([REVOKED, REVOKED])
      expect(await check(forged)).toMatch(/^token_(revoked|untrusted)$/)
      expect(server.keyRequests).toEqual([])
    },
  )

  test('signs no list that a follower accepts', async () => {
    const { say, list } = await withBoth()
    await say(REVOKES)
    expect(await say(page({ seq: 12, key: OTHER_KEY }))).toBe('the list’s key is revoked')
    expect(list().cursor).toBe(cursor(11))
  })

  test('stays revoked under every later list', async () => {
    const { say, check } = await withBoth()
    await say(REVOKES)
    await say(page({ full: true, epoch: 'e2', iat: NOW + 1 }))
    expect(await check(ofOther())).toBe(REVOKED)
  })

  test('causes a request past caches, once in a second', async () => {
    const { say, server, time, check } = await follow()
    server.keyRequests.length = 0
    const signed = page({ seq: 11, key: NEXT_KEY, entries: [rule('client', 'lkc_1', 2)] })
    expect(await say(signed)).toBe('the list’s key is not known')
    expect(await say(signed)).toBe('the list’s key is not known')
    expect(server.keyRequests).toHaveLength(1)
    expect(server.keyRequests[0]?.headers).toMatchObject({ 'cache-control': 'no-cache' })
    server.keys = [NEXT_KEY.jwk]
    time.monotonic += 1
    expect(await say(signed)).toBeNull()
    expect(server.keyRequests).toHaveLength(2)
    expect(await check()).toBe('token_untrusted') // key that left the set
  })

  test('disappears with the new epoch of a restored issuer', async () => {
    const { say, check, server, time } = await withBoth()
    server.keys = [KEY.jwk]
    server.keyRequests.length = 0
    time.monotonic += 1
    await say(page({ full: true, epoch: 'e2', iat: NOW + 1 }))
    expect(server.keyRequests).toHaveLength(1)
    expect([await check(), await check(ofOther())]).toEqual([GOOD, 'token_untrusted'])
  })

  test('may sign lists with an algorithm that tokens may not have', async () => {
    const { check, list } = await follow([], { algorithms: ['ES256'] })
    expect(list()).toMatchObject({ stale: false })
    expect(await check()).toBe('token_untrusted')
  })
})
