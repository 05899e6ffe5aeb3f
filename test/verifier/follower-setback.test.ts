// Clock of the issuer that was ahead and is set back: lists signed before look new, and lists
// signed after look late. The follower recovers, and an attacker who delays lists cannot cause the
// recovery.
import { afterAll, describe, expect, test } from 'vitest'
import type { Verifier } from '../../src/verifier/types.ts'
import { cursor, following, page } from './lists.ts'
import { KEY, NOW, OTHER_KEY, tokenWith } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const RULE = { kind: 'jti', value: 'jti-1' }
const LONG = tokenWith({ iat: NOW - 200, exp: NOW + 86_000 })

/** Starts a follower whose issuer was `ahead` seconds ahead when it signed the first list. */
const followAhead = async (ahead: number, ...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  let seq = 10
  /** Signs by the corrected clock of the issuer. */
  const sign = (of: Parameters<typeof page>[0] = {}, late = 0) => {
    const iat = NOW - ahead + (follower.time.monotonic - 1_000) - late
    seq += 1
    return page({ seq, iat, ...of })
  }
  follower.time.wall -= ahead
  return { ...follower, sign }
}

describe.concurrent('setback by less than the validity of a list', () => {
  test('lets a stale list begin anew, though its old times would still fit', async () => {
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

  test('heals a list that is not stale after a minute of late lists', async () => {
    const { pass, say, sign, list } = await followAhead(110)
    const ages: (number | null)[] = []
    for (let i = 0; i < 5; i += 1) {
      pass(25)
      expect(await say(sign())).toBeNull()
      ages.push(list().age)
    }
    expect(ages).toEqual([25, 50, 75, 0, 0])
  })

  test('heals nothing when one list was not late', async () => {
    const { pass, say, sign, list } = await followAhead(50)
    for (let i = 0; i < 6; i += 1) {
      pass(25)
      await say(sign({}, i === 2 ? -50 : 0))
    }
    expect(list().age).toBe(50)
  })

  test('keeps a token revoked whose rule was dropped by the old clock', async () => {
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

describe.concurrent('attacker who delays every list', () => {
  test.each([[3], [60], [119]])('gets no fresh age with a delay of %i s', async (late) => {
    const { pass, say, sign, list } = await followAhead(0)
    pass(late)
    for (let i = 0; i < 40; i += 1) {
      pass(10)
      await say(sign({}, late))
      expect(list().age).toBeGreaterThanOrEqual(late)
    }
  })

  test('gets no fresh age with a growing delay', async () => {
    const { pass, say, sign, list } = await followAhead(0)
    for (let late = 0; late < 110; late += 2) {
      pass(20)
      await say(sign({}, late))
      expect(list().age).toBeGreaterThanOrEqual(late)
    }
  })

  test('gets no fresh age when the wall clock jumps', async () => {
    const { time, pass, say, sign, list } = await followAhead(0)
    time.wall -= 600
    pass(100)
    for (let i = 0; i < 20; i += 1) {
      pass(10)
      await say(sign({}, 100))
      expect(list().age).toBeGreaterThanOrEqual(100)
    }
  })

  test('gets no list accepted that is old by the wall clock', async () => {
    const { pass, say, sign, list } = await followAhead(0)
    pass(301)
    await say(new Error('down'))
    expect(await say(sign({ full: true }, 301))).toBe('the list is not current')
    expect(list()).toMatchObject({ age: 301, stale: true })
  })
})

describe.concurrent('list whose time is refused after a larger setback', () => {
  test('has its rules applied at once, and the age grows on', async () => {
    const { pass, say, sign, check, list, server } = await followAhead(180)
    pass(5)
    const good = tokenWith({ iat: NOW - 200 })
    expect(await check(good)).toBe('good')
    expect(await say(sign({ entries: [RULE] }))).toBe('the list has expired')
    expect(await check(good)).toBe('token_revoked')
    expect(list()).toMatchObject({ age: 5, cursor: cursor(11), entries: { jti: 1 } })
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(11), wait: null })
  })

  test('adds its rules and replaces nothing when it is full', async () => {
    const { say, sign, check, list } = await followAhead(180, [{ kind: 'jti', value: 'old' }])
    const [fresh, old] = ['jti-1', 'old'].map((jti) => tokenWith({ jti, iat: NOW - 200 }))
    expect(await say(sign({ full: true, entries: [RULE] }))).toBe('the list has expired')
    expect([await check(fresh), await check(old)]).toEqual(['token_revoked', 'token_revoked'])
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 2 } })
  })

  test('replaces no missing page when it is a page of a full list', async () => {
    const { pass, say, sign, list, server } = await followAhead(0)
    await say(sign({ full: true, more: true }))
    pass(1)
    expect(await say(sign({ entries: [RULE] }, 180))).toBe('the list has expired')
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 1 } })
    expect(server.requests.at(-1)?.after).toBe(cursor(10))
  })

  test('has only its rules over keys applied when it is of another epoch', async () => {
    const { say, sign, list } = await followAhead(180)
    const entries = [RULE, { kind: 'key', value: 'k9', exp: null }]
    expect(await say(sign({ full: true, epoch: 'epoch-0', entries }))).toBe('the list has expired')
    expect(list()).toMatchObject({ epoch: 'epoch-1', entries: { jti: 0, key: 1 } })
  })

  test('removes the cached tokens of a key with a rule over the key', async () => {
    const { say, sign, check, server, verifier } = await followAhead(180)
    server.keys.push(OTHER_KEY.jwk)
    const token = tokenWith({ iat: NOW - 200 })
    expect(await check(token)).toBe('good')
    const entries = [{ kind: 'key', value: KEY.kid, exp: null }]
    expect(await say(sign({ key: OTHER_KEY, entries }))).toBe('the list has expired')
    expect(verifier.status().remembered.size).toBe(0)
    expect(await check(token)).not.toBe('good')
  })

  test('has its rules applied when it is from the future', async () => {
    const { say, list } = await followAhead(0)
    expect(await say(page({ seq: 11, iat: NOW + 61, entries: [RULE] }))).toBe(
      'the list is from the future',
    )
    expect(list()).toMatchObject({ stale: true, entries: { jti: 1 } })
  })

  test.each<[string, Parameters<typeof page>[0]]>([
    ['goes back', { seq: 9 }],
    ['begins later', { seq: 12, header: { after: cursor(11) } }],
    ['is of another epoch', { seq: 11, epoch: 'epoch-2' }],
    ['is signed by an unknown key', { seq: 11, key: OTHER_KEY }],
  ])('has no rule applied when it %s', async (_, of) => {
    const { say, sign, list } = await followAhead(180)
    expect(await say(sign({ ...of, entries: [RULE] }))).not.toBeNull()
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 0 } })
  })
})
