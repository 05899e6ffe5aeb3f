// Times of the requests for the list: at once after news, with pauses otherwise, and less often
// while it fails.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startPollLoop } from '../../src/verifier/revocation/poll-loop.ts'
import { ListUntimely } from '../../src/verifier/revocation/issuer-clock.ts'
import { AnswerRefused, createGetBytes } from '../../src/verifier/net/get-bytes.ts'
import { cursor, following, page, startFollowing } from './lists.ts'
import { REQUIRED, codeOf, forge } from './support.ts'

type Step = { news: boolean; more?: boolean; tookMs?: number } | Error

/** Follows a script whose last step repeats. @returns the time of each request in milliseconds */
const follow = async (steps: Step[], forMs: number): Promise<number[]> => {
  const controller = new AbortController()
  const asked: number[] = []
  const { ended } = startPollLoop({
    client: {
      async step({ signal }) {
        asked.push(Date.now())
        const step = steps[Math.min(asked.length, steps.length) - 1]
        if (step === undefined || step instanceof Error) throw step
        const { news, more = false, tookMs = 0 } = step
        if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs))
        const place = { after: null, hold: !signal }
        return { news, more, newEpoch: false, jws: new Uint8Array(), request: place }
      },
    },
    monotonic: Date.now,
    onAnswer: () => {},
    signal: controller.signal,
  })
  await vi.advanceTimersByTimeAsync(forMs)
  controller.abort()
  await vi.advanceTimersByTimeAsync(30_000)
  await ended
  return asked
}

const gaps = (times: number[]): number[] => times.slice(1).map((time, i) => time - times[i]!)

describe('next request', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  const chance = (value: number) => vi.spyOn(Math, 'random').mockReturnValue(value)

  test('follows at once after news and after a held answer', async () => {
    const held = { news: false, tookMs: 25_000 }
    expect(gaps(await follow([{ news: true }, { news: true, more: true }, held], 60_000))).toEqual([
      0, 0, 25_000, 25_000,
    ])
  })

  test.each([
    [0, 500],
    [0.5, 1_000],
    [1, 1_500],
  ])(
    'follows about a second after a quick answer without news: random %f gives %i ms',
    async (value, ms) => {
      chance(value)
      expect(gaps(await follow([{ news: false }], 2 * ms + 1))).toEqual([ms, ms])
      expect(gaps(await follow([{ news: false, more: true }], 2 * ms + 1))).toEqual([ms, ms])
    },
  )

  test('follows up to 700 ms after each failure of the first minute, and 5 s after later ones', async () => {
    chance(1)
    const waits = gaps(await follow([new Error('down')], 90_000))
    expect(waits.slice(0, 4)).toEqual([200, 400, 700, 700])
    const short = waits.findIndex((wait) => wait > 700)
    expect(waits.slice(0, short).reduce((sum, wait) => sum + wait, 0)).toBe(60_100)
    expect(new Set(waits.slice(short))).toEqual(new Set([5_000]))
  })

  test('follows a second after a list whose time is refused, however often', async () => {
    chance(0.5)
    const waits = gaps(await follow([new ListUntimely('the list has expired')], 200_000))
    expect(waits[0]).toBe(0) // request for the full list, which may be accepted
    expect(new Set(waits.slice(1))).toEqual(new Set([1_000]))
  })

  test('follows at least 100 ms after a failure', async () => {
    chance(0)
    expect(new Set(gaps(await follow([new Error('down')], 3_000)))).toEqual(new Set([100]))
  })

  test('follows fast again after a success', async () => {
    chance(1)
    const down = new Error('down')
    expect(gaps(await follow([down, down, { news: true }, down], 850))).toEqual([200, 400, 0, 200])
  })

  test.each([
    ['3', 3_000],
    ['60', 5_000],
    ['soon', 200],
    [null, 200],
  ])('follows Retry-After %s: %i ms', async (value, ms) => {
    chance(1)
    expect(
      gaps(await follow([new AnswerRefused(503, value), { news: false, tookMs: 30_000 }], 6_000)),
    ).toEqual([ms])
  })
})

describe('request for the list', () => {
  const never = () => new Promise<never>(() => {})
  const stuckBody = () =>
    Promise.resolve(
      new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) })),
    )

  test.each([
    ['headers', never],
    ['a body', stuckBody],
  ])('ends after its time limit while it waits for %s', async (_, fetch) => {
    const get = createGetBytes(fetch)
    await expect(get('https://auth.example/', { timeoutMs: 20 })).rejects.toThrow('too slow')
  })

  test('reads no more bytes than a list may have', async () => {
    let read = 0
    const endless = new ReadableStream({
      pull: (body) => {
        read += 1
        body.enqueue(new Uint8Array(1024 * 1024))
      },
    })
    const get = createGetBytes(() => Promise.resolve(new Response(endless)))
    await expect(get('https://auth.example/', { timeoutMs: 5_000 })).rejects.toThrow('too long')
    expect(read).toBeLessThan(8)
  })

  test('uses the global fetch when it was replaced', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('theirs')))
    const get = createGetBytes(undefined)
    const answer = await get('https://auth.example/', { timeoutMs: 1_000 })
    expect(Buffer.from(answer).toString()).toBe('theirs')
    vi.unstubAllGlobals()
  })
})

describe('wait parameter', () => {
  const asked = ({ requests }: Awaited<ReturnType<typeof following>>['server']) =>
    requests.map(({ after, wait }) => [after, wait])

  test('is sent after an accepted answer, and not after a failure', async () => {
    const { server, verifier, say } = await following()
    await say(page({ seq: 11 }))
    await say(new Error('cut'))
    await say(new Response(null, { status: 504 }))
    await say(page({ seq: 12 }))
    expect(asked(server)).toEqual([
      [null, null],
      [cursor(10), '25'],
      [cursor(11), '25'],
      [cursor(11), null],
      [cursor(11), null],
      [cursor(12), '25'],
    ])
    verifier.close()
  })

  test.each([
    [60, 20, '25'],
    [60, 21, null],
    [150, 110, '25'],
    [150, 111, null],
  ])(
    'is sent when the list stays fresh until then: maxStaleness %i, age %i: wait %s',
    async (maxStaleness, age, wait) => {
      const { server, verifier, say, pass } = await following([], { maxStaleness })
      pass(age)
      await say(page({ seq: 11 })) // signed when the first list was
      expect(asked(server).at(-1)).toEqual([cursor(11), wait])
      verifier.close()
    },
  )
})

test('follower requests the configured revocationsUri', async () => {
  const urls: string[] = []
  const { verifier } = startFollowing({
    revocationsUri: 'https://mirror.example/list?tenant=1',
    fetch: (url) => {
      urls.push(url)
      return Promise.reject(new Error('down'))
    },
  })
  await vi.waitFor(() => expect(urls).not.toEqual([]))
  expect(urls[0]).toBe('https://mirror.example/list?tenant=1')
  verifier.close()
})

describe('close', () => {
  test('aborts the request once', async () => {
    const { server, verifier } = await following()
    verifier.close()
    verifier.close()
    expect(server.requests.at(-1)?.signal.aborted).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(server.requests).toHaveLength(2)
  })

  test('leaves the list in force until it is stale', async () => {
    const { verifier, check, pass } = await following()
    verifier.close()
    expect(await check()).toBe('good')
    pass(301)
    expect(await check()).toBe('revocations_stale')
  })
})

describe.each([
  ['none', 'none' as const],
  ['own', { isRevoked: () => false }],
])('verifier with revocations: %s', (source, revocations) => {
  test('follows nothing and has ready, status and close', async () => {
    const { verifier, server } = startFollowing({ revocations })
    await verifier.ready()
    await codeOf(verifier.verify(forge(), REQUIRED))
    expect(verifier.status()).toEqual({
      revocations: { source },
      clockApart: null,
      keys: [{ kid: 'k1', state: 'published' }],
      jwks: { age: 0, stale: false, lastFailure: null, lastFailureCode: null },
      remembered: { size: 1, hits: 0, misses: 1, hitRate: 0 },
    })
    verifier.close()
    expect([server.requests.length, server.keyRequests.length]).toEqual([0, 1])
  })
})
