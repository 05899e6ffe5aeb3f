// Follower on a machine that was suspended while its monotonic clock stopped: its list looks
// new, and its held request is dead. Only the wall clock shows it, and a set wall clock looks the
// same.
import { afterAll, expect, test, vi } from 'vitest'
import type { Verifier } from '../../src/verifier/types.ts'
import { cursor, following, page } from './lists.ts'
import { NOW, tokenWith } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const follow = async () => {
  const follower = await following()
  started.push(follower.verifier)
  return follower
}

const TOKEN = tokenWith({ iat: NOW - 1_000, exp: NOW + 4_000 })
const RULE = { kind: 'jti', value: 'jti-1' }

test.concurrent(
  'suspended follower aborts the held request and lets tokens wait for the current list',
  async () => {
    const { time, server, check, list } = await follow()
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(10), wait: '25' })
    time.wall += 480
    const checked = check(TOKEN)
    await vi.waitFor(() => expect(server.requests).toHaveLength(3))
    expect(server.requests[1]?.signal.aborted).toBe(true)
    expect(server.requests[2]).toMatchObject({ after: cursor(10), wait: null })
    await server.answer(page({ seq: 11, iat: NOW + 480, entries: [RULE] }))
    await server.answer(page({ full: true, seq: 11, iat: NOW + 480, entries: [RULE] }))
    expect(await checked).toBe('token_revoked')
    await server.asked()
    expect(list()).toMatchObject({ age: 0, stale: false, lastFailure: null })
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(11), wait: '25' })
  },
)

test.concurrent('suspended follower lets tokens wait for all pages of the list', async () => {
  const { time, server, check } = await follow()
  time.wall += 50
  const checked = check(TOKEN)
  await vi.waitFor(() => expect(server.requests).toHaveLength(3))
  await server.answer(page({ seq: 11, iat: NOW + 50, more: true }))
  await server.answer(page({ seq: 12, iat: NOW + 50, entries: [RULE] }))
  expect(await checked).toBe('token_revoked')
})

test.concurrent('suspended follower lets tokens wait two seconds at most', async () => {
  const { time, check, server } = await follow()
  time.wall += 480
  const startedAt = performance.now()
  expect(await check(TOKEN)).toBe('good')
  expect(performance.now() - startedAt).toBeLessThan(2_500)
  time.monotonic += 2
  const again = performance.now()
  expect(await check(TOKEN)).toBe('good')
  expect(performance.now() - again).toBeLessThan(500)
  expect(server.requests).toHaveLength(3)
})

test.concurrent.each([[600], [-600]])(
  'wall clock that was set by %i s costs the follower one request',
  async (jump) => {
    const { time, check, server, list } = await follow()
    time.wall += jump
    const checked = check(TOKEN)
    await vi.waitFor(() => expect(server.requests).toHaveLength(3))
    await server.answer(page({ seq: 10 }))
    expect(await checked).toBe('good')
    expect(list()).toMatchObject({ age: 0, stale: false, lastFailure: null })
    expect(await check(TOKEN)).toBe('good')
    expect(server.requests).toHaveLength(3)
  },
)

test.concurrent(
  'wall clock that is set repeatedly leaves a pending request unaborted',
  async () => {
    const { time, check, server } = await follow()
    const checks: Promise<string>[] = []
    for (const jump of [60, -60, 120]) {
      time.wall += jump
      checks.push(check(TOKEN))
      await vi.waitFor(() => expect([server.requests.length, server.isAsked()]).toEqual([3, true]))
    }
    await server.answer(page({ seq: 10 }))
    expect(await Promise.all(checks)).toEqual(['good', 'good', 'good'])
    expect(server.requests).toHaveLength(3)
  },
)

test.concurrent(
  'answer to a request from before the suspension does not end the catch-up',
  async () => {
    const { time, say, server } = await follow()
    time.wall += 480
    await say(page({ seq: 11 }))
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(11), wait: null })
  },
)

test.concurrent('clocks that drift apart slowly cause no request', async () => {
  const { time, check, server } = await follow()
  for (let i = 0; i < 5; i += 1) {
    time.wall += 4
    expect(await check(TOKEN)).toBe('good')
  }
  expect(server.requests).toHaveLength(2)
})
