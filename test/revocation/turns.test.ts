// Shared work: how often it is done, in which order, and for which callers not at all.
import { expect, test } from 'vitest'
import { createTurns } from '../../src/revocation/turns.ts'

const setUp = (atATime: number, maxWaiting = 100) => {
  const turns = createTurns({ atATime, maxWaiting })
  const begun: string[] = []
  const end = new Map<string, () => void>()
  const run = (name: string, signal?: AbortSignal) =>
    turns.run(
      name,
      () => {
        begun.push(name)
        return new Promise<string>((resolve) => end.set(name, () => resolve(name)))
      },
      signal,
    )
  return { turns, begun, run, end: (name: string) => end.get(name)?.() }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))

test('turns do the same work once, in order, and no more at a time than allowed', async () => {
  const { begun, run, end } = setUp(2)
  const answers = ['a', 'b', 'c', 'a', 'c', 'd'].map((name) => run(name))
  expect(begun).toEqual(['a', 'b'])
  end('b')
  await settled()
  expect(begun).toEqual(['a', 'b', 'c'])
  for (const name of ['a', 'c']) end(name)
  await settled()
  end('d')
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'a', 'c', 'd'])
})

test('turns skip work that no caller waits for any more', async () => {
  const { turns, begun, run, end } = setUp(1)
  const [first, second] = [new AbortController(), new AbortController()]
  const running = run('running')
  const abandoned = run('abandoned', first.signal)
  const wanted = run('wanted', first.signal)
  const stillWanted = run('wanted', second.signal)
  first.abort()
  await expect(abandoned).rejects.toMatchObject({ name: 'Unavailable' })
  expect(turns.waiting).toBe(1)
  end('running')
  await running
  await settled()
  end('wanted')
  expect(await Promise.all([wanted, stillWanted])).toEqual(['wanted', 'wanted'])
  expect(begun).toEqual(['running', 'wanted'])
  await expect(run('gone', first.signal)).rejects.toThrow()
  expect(begun).toHaveLength(2)
})

test('turns report a failure to all callers, and run the next call', async () => {
  const turns = createTurns({ atATime: 1, maxWaiting: 10 })
  const fail = () => turns.run('a', () => Promise.reject(new Error('no')))
  const answers = await Promise.allSettled([fail(), fail(), turns.run('b', async () => 'b')])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(await turns.run('a', async () => 'again')).toBe('again')
})

test('turns accept no more waiting callers than allowed', async () => {
  const { run } = setUp(1, 2)
  void run('running')
  void run('a')
  void run('b')
  await expect(run('c')).rejects.toMatchObject({ name: 'Unavailable' })
})
