// What anybody can cause takes a part of the time only.
import { expect, test } from 'vitest'
import { createPace } from '../../src/revocation/pace.ts'

/** Time that passes only where somebody says so. */
const setUp = () => {
  const time = { now: 0, paused: 0 }
  const pace = createPace({
    monotonic: () => time.now,
    async pause(ms) {
      time.now += ms
      time.paused += ms
    },
  })
  const work = (ms: number) =>
    pace(async () => {
      await Promise.resolve()
      time.now += ms
    })
  return { time, pace, work }
}

test('a burst is not held up, what comes behind it takes a quarter of the time', async () => {
  const { time, work } = setUp()
  await Promise.all(Array.from({ length: 20 }, () => work(100)))
  expect(time.paused).toBe(0)
  await Promise.all(Array.from({ length: 100 }, () => work(100)))
  expect(time.paused).toBeGreaterThan(100 * 100 * 2.5)
  expect(time.paused).toBeLessThan(100 * 100 * 4)
})

test('a quiet time gives a burst back', async () => {
  const { time, work } = setUp()
  await Promise.all(Array.from({ length: 40 }, () => work(100)))
  time.now += 60_000
  const before = time.paused
  await Promise.all(Array.from({ length: 20 }, () => work(100)))
  expect(time.paused).toBe(before)
})

test('one is done at a time, in order, and one that fails stops nobody', async () => {
  const { pace } = setUp()
  const said: string[] = []
  let running = 0
  const work = (name: string) => async () => {
    expect(++running).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    running -= 1
    said.push(name)
    if (name === 'b') throw new Error('b failed')
    return name
  }
  const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => pace(work(name))))
  expect(said).toEqual(['a', 'b', 'c'])
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
