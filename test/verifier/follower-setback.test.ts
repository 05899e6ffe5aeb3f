// The issuer's clock was ahead and is set back: what was signed before looks new for ever, what is signed now looks
// late. The follower finds its way back, and nobody who holds lists back may lead it there.
import { afterEach, describe, expect, test } from 'vitest'
import type { Verifier } from '../../src/verifier/types.ts'
import { cursor, following, page } from './lists.ts'
import { KEY, NOW, OTHER_KEY, tokenWith } from './support.ts'

const started: Verifier[] = []
afterEach(() => started.splice(0).forEach((verifier) => verifier.close()))

const RULE = { kind: 'jti', value: 'jti-1' }
const LONG = tokenWith({ iat: NOW - 200, exp: NOW + 86_000 })

/** One whose issuer was so many seconds ahead when it signed the first list. */
const followAhead = async (ahead: number, ...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  let seq = 10
  /** By the issuer's clock that has been set right. */
  const sign = (of: Parameters<typeof page>[0] = {}, late = 0) => {
    const iat = NOW - ahead + (follower.time.monotonic - 1_000) - late
    seq += 1
    return page({ seq, iat, ...of })
  }
  follower.time.wall -= ahead
  return { ...follower, sign }
}

describe('by less than a list is good for', () => {
  test('what is stale begins anew, though times of before would still fit', async () => {
    const { pass, say, sign, check, list } = await followAhead(110, [], { maxStaleness: 60 })
    pass(61)
    await say(new Error('down'))
    expect(await check(LONG)).toBe('revocations_stale')
    expect(await say(sign({ full: true }))).toBeNull()
    expect(list()).toMatchObject({ age: 0, stale: false })
    pass(10)
    expect(await say(sign())).toBeNull()
    expect(list().age).toBe(0)
  })

  test('what is not stale heals after a minute of lists that were all late', async () => {
    const { pass, say, sign, list } = await followAhead(110)
    const ages: (number | null)[] = []
    for (let i = 0; i < 5; i += 1) {
      pass(25)
      expect(await say(sign())).toBeNull()
      ages.push(list().age)
    }
    expect(ages).toEqual([25, 50, 75, 0, 0])
  })

  test('one list that was not late is enough to go on as before', async () => {
    const { pass, say, sign, list } = await followAhead(50)
    for (let i = 0; i < 6; i += 1) {
      pass(25)
      await say(sign({}, i === 2 ? -50 : 0))
    }
    expect(list().age).toBe(50)
  })

  test('a rule that was dropped by the clock of before does not let its token back in', async () => {
    const { pass, say, sign, check, list } = await followAhead(110, [{ ...RULE, exp: NOW + 1 }])
    const token = tokenWith({ iat: NOW - 200, exp: NOW + 1 })
    expect(await check(token)).toBe('token_revoked')
    for (let i = 0; i < 4; i += 1) {
      pass(31)
      await say(sign())
      expect(await check(token)).not.toBe('good')
    }
    expect(list()).toMatchObject({ age: 0, entries: { jti: 0 } })
  })
})

describe('whoever holds every list back', () => {
  test.each([[3], [60], [119]])('by %i s gains nothing, however long', async (late) => {
    const { pass, say, sign, list } = await followAhead(0)
    pass(late)
    for (let i = 0; i < 40; i += 1) {
      pass(10)
      await say(sign({}, late))
      expect(list().age).toBeGreaterThanOrEqual(late)
    }
  })

  test('ever longer gains nothing either', async () => {
    const { pass, say, sign, list } = await followAhead(0)
    for (let late = 0; late < 110; late += 2) {
      pass(20)
      await say(sign({}, late))
      expect(list().age).toBeGreaterThanOrEqual(late)
    }
  })

  test('gains nothing where the wall clock jumps far', async () => {
    const { time, pass, say, sign, list } = await followAhead(0)
    time.wall -= 600
    pass(100)
    for (let i = 0; i < 20; i += 1) {
      pass(10)
      await say(sign({}, 100))
      expect(list().age).toBeGreaterThanOrEqual(100)
    }
  })

  test('and then hands out what is old by the wall clock is not believed', async () => {
    const { pass, say, sign, list } = await followAhead(0)
    pass(301)
    await say(new Error('down'))
    expect(await say(sign({ full: true }, 301))).toBe('the list is not of now')
    expect(list()).toMatchObject({ age: 301, stale: true })
  })
})

describe('by more: the time of lists is not believed, their rules are', () => {
  test('at once, and nothing counts as newer for it', async () => {
    const { pass, say, sign, check, list, server } = await followAhead(180)
    pass(5)
    const good = tokenWith({ iat: NOW - 200 })
    expect(await check(good)).toBe('good')
    expect(await say(sign({ entries: [RULE] }))).toBe('the list has expired')
    expect(await check(good)).toBe('token_revoked')
    expect(list()).toMatchObject({ age: 5, cursor: cursor(11), entries: { jti: 1 } })
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(11), wait: null })
  })

  test('from a full list: they are added, and nothing is replaced', async () => {
    const { say, sign, check, list } = await followAhead(180, [{ kind: 'jti', value: 'old' }])
    const [fresh, old] = ['jti-1', 'old'].map((jti) => tokenWith({ jti, iat: NOW - 200 }))
    expect(await say(sign({ full: true, entries: [RULE] }))).toBe('the list has expired')
    expect([await check(fresh), await check(old)]).toEqual(['token_revoked', 'token_revoked'])
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 2 } })
  })

  test('from a page of a full one: it does not stand for those that are missing', async () => {
    const { pass, say, sign, list, server } = await followAhead(0)
    await say(sign({ full: true, more: true }))
    pass(1)
    expect(await say(sign({ entries: [RULE] }, 180))).toBe('the list has expired')
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 1 } })
    expect(server.requests.at(-1)?.after).toBe(cursor(10))
  })

  test('of another epoch only those for keys', async () => {
    const { say, sign, list } = await followAhead(180)
    const entries = [RULE, { kind: 'key', value: 'k9', exp: null }]
    expect(await say(sign({ full: true, epoch: 'epoch-0', entries }))).toBe('the list has expired')
    expect(list()).toMatchObject({ epoch: 'epoch-1', entries: { jti: 0, key: 1 } })
  })

  test('a key’s takes the tokens along that are remembered', async () => {
    const { say, sign, check, server, verifier } = await followAhead(180)
    server.keys.push(OTHER_KEY.jwk)
    const token = tokenWith({ iat: NOW - 200 })
    expect(await check(token)).toBe('good')
    const entries = [{ kind: 'key', value: KEY.kid, exp: null }]
    expect(await say(sign({ key: OTHER_KEY, entries }))).toBe('the list has expired')
    expect(verifier.status().remembered.size).toBe(0)
    expect(await check(token)).not.toBe('good')
  })

  test('from a list of the future as well', async () => {
    const { say, list } = await followAhead(0)
    expect(await say(page({ seq: 11, iat: NOW + 61, entries: [RULE] }))).toBe(
      'the list is from the future',
    )
    expect(list()).toMatchObject({ stale: true, entries: { jti: 1 } })
  })

  test.each<[string, Parameters<typeof page>[0]]>([
    ['goes back', { seq: 9 }],
    ['leaves something out', { seq: 12, header: { after: cursor(11) } }],
    ['is of another epoch', { seq: 11, epoch: 'epoch-2' }],
    ['is signed by a key that nobody knows', { seq: 11, key: OTHER_KEY }],
  ])('not where it %s', async (_, of) => {
    const { say, sign, list } = await followAhead(180)
    expect(await say(sign({ ...of, entries: [RULE] }))).not.toBeNull()
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 0 } })
  })
})
