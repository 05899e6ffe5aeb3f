// The question before a change that ends something: its text, and the answers that count as yes.
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Effects } from '../../src/admin/effects.ts'
import { isHarmless } from '../../src/admin/effects.ts'
import { ask, effectsText } from '../../src/cli/question.ts'

const NOTHING: Effects = { clients: 0, secrets: 0, enrollments: 0, keys: 0, live_tokens: 0 }

const TEXTS: readonly (readonly [effects: Partial<Effects>, text: string])[] = [
  [{}, 'nothing'],
  [{ clients: 1 }, 'tokens of 1 client (0 live in the ledger)'],
  [
    { clients: 3, live_tokens: 41, secrets: 5 },
    'tokens of 3 clients (41 live in the ledger), 5 secrets',
  ],
  [{ live_tokens: 1 }, '1 live token'],
  [{ live_tokens: null }, 'tokens'],
  [
    { clients: 'all', keys: 1, live_tokens: null },
    '1 signing key, tokens of all clients (number unknown)',
  ],
  [{ enrollments: 2 }, '2 enrollments'],
]

describe('effects of a change', () => {
  it.each(TEXTS)('%j are told as %s', (effects, text) => {
    expect(effectsText({ ...NOTHING, ...effects })).toBe(text)
  })

  it('are harmless if nothing ends', () => {
    expect(isHarmless(NOTHING)).toBe(true)
    for (const [effects] of TEXTS.slice(1)) {
      expect([effects, isHarmless({ ...NOTHING, ...effects })]).toEqual([effects, false])
    }
  })
})

const answered = async (text: string | null): Promise<boolean> => {
  const input = new PassThrough()
  const output = new PassThrough()
  input.end(text ?? undefined)
  return await ask({ ...NOTHING, secrets: 1 }, { input, output }).then(
    () => true,
    () => false,
  )
}

describe('question', () => {
  it.each(['y\n', 'Y\n', 'yes\n', ' yes \r\n'])('accepts %j', async (text) => {
    expect(await answered(text)).toBe(true)
  })

  it.each(['\n', 'n\n', 'no\n', 'yesterday\n', 'true\n', null])('refuses %j', async (text) => {
    expect(await answered(text)).toBe(false)
  })

  it('refuses once its input has ended, in place of waiting', async () => {
    const input = new PassThrough()
    input.end()
    input.resume()
    await once(input, 'end')
    const asking = ask({ ...NOTHING, secrets: 1 }, { input, output: new PassThrough() })
    await expect(asking).rejects.toThrow('nothing was changed: no terminal can answer; use --yes')
  })
})
