// Time of a follower and age of its list: the wall clock is read once, and may jump after that.
import { afterAll, describe, expect, test } from 'vitest'
import type { Verifier } from '../../src/verifier/types.ts'
import { cursor, following, page, startFollowing } from './lists.ts'
import { NOW, tokenWith } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const follow = async (...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  return follower
}

const LONG = tokenWith({ exp: NOW + 86_400 })

describe.concurrent('wall clock', () => {
  test.each([[-600], [600], [-86_000]])(
    'may jump by %i seconds after the first list without an effect on it',
    async (jump) => {
      const { time, list, say, check } = await follow()
      time.wall += jump
      expect(list()).toMatchObject({ age: 0, stale: false })
      time.monotonic += 10
      expect(
        await say(
          page({ seq: 11, iat: NOW + 10, entries: [{ kind: 'client', value: 'lkc_1', gen: 2 }] }),
        ),
      ).toBeNull()
      expect(list()).toMatchObject({ age: 0, cursor: cursor(11) })
      const code = jump < 0 ? 'token_not_yet_valid' : 'token_revoked'
      expect(await check()).toBe(code)
    },
  )
})

describe.concurrent('age of the list', () => {
  test('is the time since the newest list was signed', async () => {
    const { time, list, say } = await follow()
    time.monotonic += 20
    expect(list().age).toBe(20)
    await say(page({ seq: 11, iat: NOW + 15 }))
    expect(list().age).toBe(5)
    await say(page({ seq: 12, iat: NOW + 5 })) // an older list that was held back does not count
    expect(list()).toMatchObject({ age: 5, cursor: cursor(12) })
  })

  test('is counted from the list that arrived fastest', async () => {
    const { time, list, say } = await follow()
    time.monotonic += 1
    await say(page({ seq: 11, iat: NOW + 3 })) // the first list was two seconds on its way
    expect(list().age).toBe(0)
    time.monotonic += 60
    await say(page({ seq: 12, iat: NOW + 33 }))
    expect(list().age).toBe(30)
  })

  test('is kept while more pages are to come', async () => {
    const { time, list, say } = await follow()
    time.monotonic += 20
    await say(page({ seq: 11, iat: NOW + 20, more: true }))
    expect(list()).toMatchObject({ age: 20, cursor: cursor(11) })
  })

  test('counts for a replayed list, which is refused after its expiry', async () => {
    const { time, say } = await follow()
    time.monotonic += 121
    time.wall -= 600
    expect(await say(page({ seq: 11 }))).toBe('the list has expired')
  })
})

describe.concurrent('stale list', () => {
  test('refuses tokens with revocations_stale after 300 s', async () => {
    const { pass, check } = await follow()
    pass(300)
    expect(await check(LONG)).toBe('good')
    pass(1)
    expect(await check(LONG)).toBe('revocations_stale')
  })

  test('refuses tokens after maxStaleness', async () => {
    const { pass, check } = await follow([], { maxStaleness: 60 })
    pass(61)
    expect(await check(LONG)).toBe('revocations_stale')
  })

  test('stays in force with onStale: accept', async () => {
    const revoked = tokenWith({ exp: NOW + 86_400, jti: 'old' })
    const { pass, check } = await follow([{ kind: 'jti', value: 'old', exp: null }], {
      onStale: 'accept',
    })
    pass(10_000)
    expect([await check(LONG), await check(revoked)]).toEqual(['good', 'token_revoked'])
  })

  test('is replaced by a full list that is current by the wall clock', async () => {
    const { pass, say, server, check, list } = await follow()
    pass(301)
    await say(new Error('down'))
    expect(server.requests.at(-1)).toMatchObject({ after: null, wait: null })
    expect(await say(page({ full: true, seq: 11, iat: NOW + 301 }))).toBeNull()
    expect(await check(LONG)).toBe('good')
    expect(list()).toMatchObject({ age: 0, cursor: cursor(11) })
  })

  test('is not replaced by an older cursor', async () => {
    const { pass, say, list } = await follow()
    pass(301)
    await say(new Error('down'))
    expect(await say(page({ full: true, seq: 9, iat: NOW + 301 }))).toBe('the cursor goes back')
    expect(list()).toMatchObject({ stale: true, cursor: cursor(10) })
  })

  test('is replaced after the clock of the issuer was corrected', async () => {
    const { pass, say, list, time } = await follow([], {})
    time.wall -= 200 // the clock of the issuer was ahead
    pass(301)
    await say(new Error('down'))
    expect(await say(page({ full: true, seq: 11, iat: NOW + 101 }))).toBeNull()
    expect(list()).toMatchObject({ age: 0, stale: false })
  })

  test('is not replaced by a list that is old by the wall clock too', async () => {
    const { pass, say } = await follow()
    pass(301)
    await say(new Error('down'))
    expect(await say(page({ full: true, seq: 11 }))).toBe('the list is not current')
  })
})

test.concurrent(
  'follower on a machine that was suspended requests the full list before it relies on its list again',
  async () => {
    const { time, say, check, server } = await follow()
    time.wall += 3_600 // the monotonic clock stopped meanwhile
    const claims = { iat: NOW + 3_600, exp: NOW + 4_000 }
    expect(await check(tokenWith(claims))).toBe('good')
    expect(await say(page({ seq: 11, iat: NOW + 3_600 }))).toBe('the list is from the future')
    expect(server.requests.at(-1)).toMatchObject({ after: null })
    expect(await check(tokenWith(claims))).toBe('revocations_stale')
    await say(page({ full: true, seq: 11, iat: NOW + 3_600 }))
    expect(await check(tokenWith(claims))).toBe('good')
  },
)

describe.concurrent('expired rules', () => {
  const RULE = { kind: 'jti', value: 'jti-1', exp: NOW + 900 }

  test('are kept for the largest tolerance', async () => {
    const { time, say, list } = await follow([RULE])
    for (const [seconds, jti] of [
      [900, 1],
      [960, 1],
      [961, 0],
    ] as const) {
      time.wall = NOW + seconds
      time.monotonic = 1_000 + seconds
      await say(page({ full: true, seq: 11, iat: NOW + seconds, entries: [] }))
      await say(page({ full: true, seq: 11, iat: NOW + seconds, entries: [RULE] }))
      expect(list().entries.jti).toBe(jti)
    }
  }, 20_000)

  test('keep their tokens refused when the wall clock is behind', async () => {
    const { time, say, check, list } = await follow([RULE])
    expect(await check()).toBe('token_revoked')
    for (const seconds of [250, 500, 750, 961]) {
      time.monotonic = 1_000 + seconds
      await say(page({ seq: 10 + seconds, iat: NOW + seconds }))
    }
    expect(list().entries.jti).toBe(0)
    expect(time.wall).toBe(NOW) // wall clock: the token is valid for another 15 minutes
    expect(await check()).toBe('token_expired')
  })
})

describe.concurrent('verifier without a list', () => {
  test('lets a token wait for the first list', async () => {
    const { server, check, verifier } = startFollowing()
    started.push(verifier)
    const checked = check()
    await server.answer(page({ full: true }))
    expect(await checked).toBe('good')
  })

  test('refuses tokens after the limit of the wait and after close', async () => {
    const { verifier, check, pass } = startFollowing()
    started.push(verifier)
    pass(5)
    expect(await check(LONG)).toBe('revocations_stale')
    verifier.close()
    expect(await check(LONG)).toBe('revocations_stale')
    await expect(verifier.ready()).rejects.toMatchObject({ code: 'revocations_stale', status: 503 })
  })
})

test.concurrent('ready waits for a list that is not stale', async () => {
  const { pass, say, server, verifier } = await follow()
  pass(301)
  await say(new Error('down'))
  let isReady = false
  const ready = verifier.ready().then(() => (isReady = true))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isReady).toBe(false)
  await server.answer(page({ full: true, seq: 11, iat: NOW + 301 }))
  await ready
})
