// Bounded reading of a response, in chunks of any size.
import { describe, expect, test } from 'vitest'
import { readBounded, readBytes } from '../../src/verifier/net/read-bounded.ts'

const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 31)

/** Makes a response in chunks of these lengths, in turn. */
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

describe('readBytes', () => {
  test.each([
    ['a few bytes', [7]],
    ['a block', [65_536]],
    ['nearly a block', [65_535, 2]],
    ['the whole body', [200_000]],
    ['one byte and more than a block', [1, 150_000]],
    ['a block and nothing', [40_000, 0, 40_000]],
  ])('joins chunks of %s and refuses more bytes than the limit', async (_, lengths) => {
    expect(Buffer.from(await readBytes(answer(...lengths), 200_000)).equals(bytes)).toBe(true)
    await expect(readBytes(answer(...lengths), 199_999)).rejects.toThrow('too long')
  })
})

test('readBytes and readBounded return nothing for a response without a body', async () => {
  expect(await readBytes(new Response(null), 10)).toHaveLength(0)
  expect(await readBounded(new Response(null), 10)).toBe('')
})

test('readBounded decodes UTF-8 and refuses other bytes', async () => {
  expect(await readBounded(new Response('grün'), 10)).toBe('grün')
  await expect(readBounded(new Response(new Uint8Array([0xff])), 10)).rejects.toThrow('not UTF-8')
})
