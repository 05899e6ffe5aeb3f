// One AbortSignal for many waits: a program has one for its start, and a verifier for each
// audience. Node warns of a leak at the 11th listener of one signal.
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { type Verifier, createVerifier } from '../../src/verifier/index.ts'
import { onAbort } from '../../src/verifier/net/shared-signal.ts'
import { AUDIENCE, ISSUER } from './support.ts'

const started: Verifier[] = []
afterEach(() => started.splice(0).forEach((verifier) => verifier.close()))

const unanswered = (follow: 'background' | 'on-use'): Verifier => {
  const fetch = () => new Promise<Response>(() => {})
  const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, fetch, follow })
  started.push(verifier)
  return verifier
}

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

/** Collects the warnings of Node while `act` runs. Node emits them in the next turn. */
const warningsDuring = async (act: () => Promise<unknown>): Promise<string[]> => {
  const names: string[] = []
  const note = ({ name }: Error): void => void names.push(name)
  process.on('warning', note)
  try {
    await act()
    await new Promise((resolve) => setTimeout(resolve, 20))
  } finally {
    process.off('warning', note)
  }
  return names
}

describe.each(['background', 'on-use'] as const)('ready with follow: %s', (follow) => {
  test.each([
    ['60 waits for one verifier', 1, 60],
    ['20 verifiers', 20, 1],
  ])('adds one listener to a signal for %s', async (_, verifiers, waits) => {
    const { signal } = new AbortController()
    const all = Array.from({ length: verifiers }, () => unanswered(follow))
    const warnings = await warningsDuring(async () => {
      const waiting = all.flatMap((verifier) =>
        Array.from({ length: waits }, () => verifier.ready({ signal, timeoutMs: 50 })),
      )
      const outcomes = Promise.allSettled(waiting)
      await Promise.resolve()
      expect(listenersOf(signal)).toBe(1)
      expect((await outcomes).map(({ status }) => status)).toEqual(waiting.map(() => 'rejected'))
    })
    expect(warnings).toEqual([])
    expect(listenersOf(signal)).toBe(0)
  })

  test('rejects every wait with the reason of the signal', async () => {
    const [controller, reason] = [new AbortController(), new Error('enough')]
    const { signal } = controller
    const verifier = unanswered(follow)
    const waiting = Array.from({ length: 12 }, () => verifier.ready({ signal }))
    controller.abort(reason)
    for (const wait of waiting) await expect(wait).rejects.toBe(reason)
    expect(listenersOf(signal)).toBe(0)
  })

  test('keeps signals apart', async () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const verifier = unanswered(follow)
    const waits = [first, second].map(({ signal }) => verifier.ready({ signal, timeoutMs: 50 }))
    const outcomes = Promise.allSettled(waits)
    first.abort(new Error('enough'))
    expect(await outcomes).toMatchObject([
      { reason: { message: 'enough' } },
      { reason: { code: 'revocations_stale' } },
    ])
  })
})

describe('onAbort', () => {
  test('calls each remaining listener once', () => {
    const controller = new AbortController()
    const called: string[] = []
    const calls = ['a', 'b', 'c'].map((name) =>
      onAbort(controller.signal, () => void called.push(name)),
    )
    calls[1]?.()
    controller.abort()
    expect(called).toEqual(['a', 'c'])
    calls.forEach((callOff) => callOff())
    expect(listenersOf(controller.signal)).toBe(0)
  })

  test('listens again after the last listener left, and a second call-off removes no other listener', () => {
    const controller = new AbortController()
    const called: string[] = []
    const callOff = onAbort(controller.signal, () => void called.push('first'))
    callOff()
    expect(listenersOf(controller.signal)).toBe(0)
    onAbort(controller.signal, () => void called.push('second'))
    callOff()
    expect(listenersOf(controller.signal)).toBe(1)
    controller.abort()
    expect(called).toEqual(['second'])
  })
})
