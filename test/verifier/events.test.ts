// Events of a verifier: failures of the list and the keys, and each change once, without any token.
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { VerifierEvent } from '../../src/verifier/events.ts'
import { type Verifier, createVerifier } from '../../src/verifier/index.ts'
import { following, page, startFollowing } from './lists.ts'
import { AUDIENCE, ISSUER, NOW, OTHER_KEY, forge, startVerifier, tokenWith } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const told = async (hook: (event: VerifierEvent) => void = () => {}) => {
  const events: VerifierEvent[] = []
  const onEvent = (event: VerifierEvent): void => {
    events.push(event)
    hook(event)
  }
  const follower = await following([], { onEvent })
  started.push(follower.verifier)
  return { ...follower, events, types: () => events.map(({ type }) => type) }
}

const LONG = tokenWith({ exp: NOW + 86_400 })

describe.concurrent('events', () => {
  test('come once for each change', async () => {
    const { say, types, events, pass, check } = await told()
    expect(types()).toEqual([])
    await say(new Error('down'))
    await say(new Error('still down'))
    expect(types()).toEqual(['following_failed'])
    expect(events[0]).toMatchObject({ cause: { message: 'down' } })
    await say(page({ seq: 11 }))
    await say(page({ seq: 12 }))
    expect(types()).toEqual(['following_failed', 'recovered'])
    pass(301)
    await say(new Error('down'))
    for (let i = 0; i < 3; i += 1) expect(await check(LONG)).toBe('revocations_stale')
    expect(types().slice(2)).toEqual(['following_failed', 'stale'])
    expect(events[3]).toMatchObject({ age: 301, cause: { message: 'down' } })
    await say(page({ full: true, seq: 13, iat: NOW + 301 }))
    expect(types().slice(4)).toEqual(['recovered'])
  })

  test('report a revoked signing key once', async () => {
    const { say, server, events } = await told()
    server.keys.push(OTHER_KEY.jwk)
    const entries = [{ kind: 'key', value: 'k9', exp: null }]
    await say(page({ seq: 11, entries }))
    await say(page({ full: true, seq: 12, entries }))
    expect(events).toEqual([{ type: 'key_revoked', kid: 'k9' }])
  })

  test('report failed keys once', async () => {
    const types: string[] = []
    const { server, check } = startVerifier({ onEvent: ({ type }) => void types.push(type) })
    const { answer } = server
    server.answer = () => new Response(null, { status: 404 })
    expect(await check(forge())).toBe('keys_unavailable')
    expect(await check(forge())).toBe('keys_unavailable')
    await vi.waitFor(() => expect(types).toEqual(['keys_failed']))
    server.answer = answer
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('hook')
      },
    ],
    ['rejects', () => Promise.reject(new Error('hook'))],
    ['stays pending', () => new Promise(() => {})],
  ])('do not disturb the verifier when the hook %s', async (_, onEvent) => {
    const { say, check, verifier } = await following([], { onEvent })
    started.push(verifier)
    await say(new Error('down'))
    await say(page({ seq: 11 }))
    expect(await check()).toBe('good')
  })

  test('end when the hook closes the verifier', async () => {
    const events: string[] = []
    const follower = await following([], {
      onEvent({ type }) {
        events.push(type)
        follower.verifier.close()
      },
    })
    await follower.server.answer(new Error('down'))
    await vi.waitFor(() => expect(events).toEqual(['following_failed']))
  })

  test('contain no token, nor does the status', async () => {
    const { say, check, events, verifier } = await told()
    await say(new Error('down'))
    await check()
    const all = inspect([events, verifier.status()], { depth: 10 })
    expect(all).not.toContain(forge().split('.')[2])
    expect(all).not.toContain('eyJ')
  })
})

describe.concurrent('failure of the list', () => {
  const html = { headers: { 'content-type': 'text/html' } }
  test.each<[string, () => string | Response | Error, RegExp]>([
    ['404', () => new Response(null, { status: 404 }), /answered 404$/],
    ['301', () => new Response(null, { status: 301 }), /301: redirects are not followed/],
    ['an HTML page', () => new Response('<html>', html), /Content-Type text\/html/],
    ['an empty body', () => '', /not a revocation list/],
    ['another signature', () => page({ seq: 11, key: { ...OTHER_KEY, kid: 'k1' } }), /signature/],
    ['another key', () => page({ seq: 11, key: OTHER_KEY }), /key is not known/],
    [
      'an unknown host name',
      () => new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND x') }),
      /fetch failed: getaddrinfo ENOTFOUND x/,
    ],
    [
      'an untrusted certificate',
      () => new TypeError('fetch failed', { cause: new Error('self-signed certificate') }),
      /fetch failed: self-signed certificate/,
    ],
    [
      'an error with a URL',
      () => new Error('for url (https://a.example/l?key=secret)'),
      /\/l\?…\)$/,
    ],
  ])('is described for %s', async (_, answer, expected) => {
    const { say, list, events } = await told()
    expect(await say(answer())).toMatch(expected)
    expect(list().lastError).toBeInstanceOf(Error)
    expect(events[0]).toMatchObject({ type: 'following_failed', cause: list().lastError })
  })
})

describe.concurrent('clockApart', () => {
  test.each([-60, 0, 60])('is the difference of the clocks: %i s', async (seconds) => {
    const { verifier, time } = await told()
    time.wall += seconds
    expect(verifier.status().clockApart).toBe(seconds)
  })

  test('is null before the first list', () => {
    const { verifier } = startFollowing()
    started.push(verifier)
    expect(verifier.status().clockApart).toBeNull()
  })

  test.each([-2_000, 2_000])('follows from a refused first list: %i s', async (seconds) => {
    const { verifier, time, say } = startFollowing()
    started.push(verifier)
    time.wall += seconds
    expect(await say(page({ full: true, seq: 10 }))).toContain('the list is not current')
    expect(verifier.status().clockApart).toBe(seconds)
    time.wall -= seconds
    expect(await say(page({ full: true, seq: 10 }))).toBeNull()
    expect(verifier.status().clockApart).toBe(0)
  })

  test('follows from a refused later list', async () => {
    const { verifier, time, say, pass } = await told()
    pass(1_000)
    expect(await say(page({ full: true, seq: 11, iat: NOW + 3_000 }))).toContain('not current')
    expect(verifier.status().clockApart).toBe(-2_000)
    time.wall += 2_000
    expect(await say(page({ full: true, seq: 11, iat: NOW + 3_000 }))).toBeNull()
    expect(verifier.status().clockApart).toBe(0)
  })
})

describe.concurrent('ready', () => {
  test('rejects with the reason of the signal', async () => {
    const { verifier } = startFollowing()
    started.push(verifier)
    const reason = new Error('enough')
    await expect(verifier.ready({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = verifier.ready({ signal: controller.signal })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  test.each(['list', 'none'] as const)('rejects after timeoutMs with a cause: %s', async (kind) => {
    const fetch = () => new Promise<Response>(() => {})
    const source = kind === 'none' ? { revocations: kind } : {}
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, fetch, ...source })
    started.push(verifier)
    const error: unknown = await verifier
      .ready({ timeoutMs: 20 })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 503, cause: expect.any(Error) as Error })
  })

  test.each([
    { timeoutMs: -1 },
    { timeoutMs: NaN },
    { timeoutMs: Infinity },
    { timeoutMs: 86_400_001 },
    { timeoutMs: '1' },
    { signal: {} },
    { signal: null },
    null,
    5,
  ])('refuses the options %o', async (options) => {
    const { verifier } = startVerifier()
    await expect(verifier.ready(options as object)).rejects.toThrow(TypeError)
  })
})

test.concurrent('README example counts events for Prometheus', async () => {
  const readme = readFileSync(new URL('../../src/verifier/README.md', import.meta.url), 'utf8')
  const [, example = ''] = /```ts\nimport .*\n\n(const counts[^]*?)```/.exec(readme) ?? []
  const program = example.replaceAll(/: (Record<string, number>|VerifierEvent)/g, '')
  expect(program.trim().split('\n').length).toBeLessThanOrEqual(10)
  const module = `export default (createVerifier) => {\n${program}\nreturn { verifier, metrics } }`
  const { default: make } = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(module)}`
  )) as {
    default: (create: (options: object) => Verifier) => {
      verifier: Verifier
      metrics: () => string
    }
  }
  const fetch = () => Promise.reject(new Error('down'))
  const { verifier, metrics } = make((options) =>
    createVerifier({ ...(options as { issuer: string; audience: string }), fetch }),
  )
  started.push(verifier)
  expect(metrics()).toMatch(/^verifier_list_age_seconds NaN$/m)
  await vi.waitFor(() => expect(metrics()).toMatch(/\{type="following_failed"\} 1$/m))
  expect(metrics()).toMatch(/^verifier_clock_apart_seconds NaN$/m)
})
