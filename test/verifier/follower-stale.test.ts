// Stale or missing list: the first token makes the follower request it at once and waits, once for
// each outage.
import { afterAll, describe, expect, test, vi } from 'vitest'
import { STALE_WAIT_MS } from '../../src/verifier/constants.ts'
import type { Verifier } from '../../src/verifier/types.ts'
import { following, page, startFollowing } from './lists.ts'
import { NOW, tokenWith } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const follow = async (...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  return follower
}

const LONG = tokenWith({ exp: NOW + 86_400 })
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const newList = (seconds: number): string => page({ full: true, seq: 11, iat: NOW + seconds })

describe.concurrent('follower whose process was frozen past maxStaleness', () => {
  test('aborts the dead request and lets the first tokens wait for the list', async () => {
    const { pass, server, check } = await follow()
    const held = server.requests.at(-1)
    pass(400)
    const checks = [check(LONG), check(LONG), check(LONG)]
    await vi.waitFor(() => expect(server.requests).toHaveLength(3))
    expect(held?.signal.aborted).toBe(true)
    expect(server.requests.at(-1)).toMatchObject({ after: null, wait: null })
    await later(100)
    await server.answer(newList(400))
    expect(await Promise.all(checks)).toEqual(['good', 'good', 'good'])
    expect(server.requests.filter(({ after }) => after === null)).toHaveLength(2)
  })

  test('ends a pause after failures for the first token', async () => {
    const { pass, say, server, check } = await follow()
    pass(100) // long outage: the next pause may take five seconds
    for (let failures = 0; failures < 3; failures += 1) await say(new Error('down'))
    await server.answer(new Response(null, { status: 503, headers: { 'retry-after': '60' } }))
    pass(300)
    const checked = check(LONG)
    const before = performance.now()
    await server.asked()
    expect(performance.now() - before).toBeLessThan(2_000)
    await server.answer(newList(400))
    expect(await checked).toBe('good')
  })

  test('keeps a request that was just made', async () => {
    const { pass, say, server, check } = await follow()
    pass(400)
    await say(new Error('down'))
    const asked = server.requests.length
    const checked = check(LONG)
    await later(50)
    expect(server.requests).toHaveLength(asked)
    await server.answer(newList(400))
    expect(await checked).toBe('good')
  })

  test('requests the full list at once after a list from the future', async () => {
    const { time, server, check } = await follow()
    time.wall += 3_600 // the monotonic clock stopped meanwhile
    const token = tokenWith({ iat: NOW + 3_600, exp: NOW + 4_000 })
    const checked = check(token)
    await vi.waitFor(() => expect(server.requests).toHaveLength(3))
    await server.answer(page({ seq: 11, iat: NOW + 3_600 }))
    await server.answer(page({ full: true, seq: 11, iat: NOW + 3_600 }))
    expect(await checked).toBe('good')
  })
})

describe.concurrent('outage', () => {
  test('costs all tokens one shared wait, and later tokens are refused at once', async () => {
    const { pass, check } = await follow()
    pass(400)
    const before = performance.now()
    const first = [check(LONG), check(LONG)]
    expect(await Promise.all(first)).toEqual(['revocations_stale', 'revocations_stale'])
    const waited = performance.now() - before
    expect(waited).toBeGreaterThanOrEqual(STALE_WAIT_MS - 50)
    const again = performance.now()
    for (let i = 0; i < 20; i += 1) expect(await check(LONG)).toBe('revocations_stale')
    expect(performance.now() - again).toBeLessThan(STALE_WAIT_MS)
  })

  test('costs another wait after a recovery', async () => {
    const { pass, check, server } = await follow()
    pass(400)
    expect(await check(LONG)).toBe('revocations_stale')
    await server.answer(newList(400))
    await server.asked()
    expect(await check(LONG)).toBe('good')
    pass(400)
    const checked = check(LONG)
    await server.answer(page({ full: true, seq: 12, iat: NOW + 800 }))
    expect(await checked).toBe('good')
  })

  test('costs another wait after the process was frozen', async () => {
    const { pass, check, server } = await follow()
    pass(400)
    expect(await check(LONG)).toBe('revocations_stale')
    pass(600)
    const checked = check(LONG)
    await server.asked()
    await server.answer(newList(1_000))
    expect(await checked).toBe('good')
  })

  test('costs a wait of a process that was frozen before its first list', async () => {
    const { verifier, server, check, pass } = startFollowing()
    started.push(verifier)
    await server.asked()
    pass(600)
    const checked = check(LONG)
    await vi.waitFor(() => expect(server.requests).toHaveLength(2))
    await server.answer(newList(600))
    expect(await checked).toBe('good')
  })

  test('costs no wait after close', async () => {
    const { pass, check, verifier } = await follow()
    pass(400)
    const checked = check(LONG)
    await later(20)
    const before = performance.now()
    verifier.close()
    expect(await checked).toBe('revocations_stale')
    expect(performance.now() - before).toBeLessThan(1_000)
  })
})

/**
 * Serves lists of two servers of one issuer in turn, a second apart. The clock of the second server
 * is ahead.
 */
const alternate = async (ahead: number, turns: number) => {
  const follower = await follow()
  const { server, pass, check } = follower
  const codes: string[] = []
  let [answers, stop] = [0, false]
  const serving = (async () => {
    while (!stop) {
      await server.asked().catch(() => {})
      if (stop || !server.isAsked()) continue
      const after = server.requests.at(-1)?.after ?? null
      const iat = follower.time.wall + (answers % 2 === 0 ? ahead : 0)
      answers += 1
      await server.answer(page({ full: after === null, seq: 10 + answers, iat }))
    }
  })()
  for (let turn = 0; turn < turns; turn += 1) {
    codes.push(await check(LONG))
    pass(1)
    await later(5)
  }
  const full = server.requests.filter(({ after }) => after === null).length
  stop = true
  follower.verifier.close()
  await serving
  return { codes: new Set(codes), full, answers, apart: follower.verifier.status().clockApart }
}

describe.concurrent('follower of two servers of one issuer', () => {
  test.each([30, 60, 61, 90, 125, 290, 400, 86_400])(
    'refuses no token and requests the full list at most five times when their clocks differ by %i s',
    async (ahead) => {
      const { codes, full, answers } = await alternate(ahead, 60)
      expect(answers).toBeGreaterThan(5)
      expect(codes).toEqual(new Set(['good']))
      expect(full).toBeLessThanOrEqual(5)
    },
    20_000,
  )
})
