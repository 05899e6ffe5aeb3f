// Reading an answer within bounds, whatever pieces it comes in.
import { describe, expect, test } from 'vitest'
import { readBounded, readBytes } from '../../src/verifier/net/read-bounded.ts'

const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 31)

/** Comes in pieces of these lengths, again and again. */
const answer = (...lengths: number[]): Response => {
  let [at, piece] = [0, 0]
  const body = new ReadableStream<Uint8Array>({
    pull(stream) {
      const end = at + (lengths[piece++ % lengths.length] ?? 0)
      if (at < bytes.length) stream.enqueue(bytes.subarray(at, end))
      else stream.close()
      at = end
    },
  })
  return new Response(body)
}

describe('an answer in pieces of', () => {
  test.each([
    ['a byte', [7]],
    ['a block', [65_536]],
    ['nearly a block', [65_535, 2]],
    ['all of it', [200_000]],
    ['more than a block after a byte', [1, 150_000]],
    ['nothing in between', [40_000, 0, 40_000]],
  ])('%s is what was sent', async (_, lengths) => {
    expect(Buffer.from(await readBytes(answer(...lengths), 200_000)).equals(bytes)).toBe(true)
    await expect(readBytes(answer(...lengths), 199_999)).rejects.toThrow('too long')
  })
})

test('an answer without a body is empty', async () => {
  expect(await readBytes(new Response(null), 10)).toHaveLength(0)
  expect(await readBounded(new Response(null), 10)).toBe('')
})

test('text is UTF-8, or is refused', async () => {
  expect(await readBounded(new Response('grün'), 10)).toBe('grün')
  await expect(readBounded(new Response(new Uint8Array([0xff])), 10)).rejects.toThrow('not UTF-8')
})
