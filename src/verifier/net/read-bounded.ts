// Reads the body of a response up to a limit.
import type { Bytes } from './bytes.ts'

/** An answer exceeds its limit. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** An answer is not UTF-8. */
export class NotText extends Error {
  override readonly name = 'NotText'
}

/**
 * Bytes of a block. Chunks are copied into blocks, so that an answer in single bytes needs no more
 * than its length.
 */
const BLOCK_BYTES = 64 * 1024

/**
 * Reads the bytes of a response.
 * @throws TooLong once the body exceeds `maxBytes`
 */
export const readBytes = async (response: Response, maxBytes: number): Promise<Bytes> => {
  const reader = response.body?.getReader()
  const blocks: Uint8Array[] = []
  let length = 0
  let free: Uint8Array = new Uint8Array()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return joined(blocks, length)
    length += value.byteLength
    if (length > maxBytes) {
      void reader?.cancel().catch(() => {})
      throw new TooLong('the answer is too long')
    }
    const fitting = Math.min(free.length, value.length)
    free.set(value.subarray(0, fitting))
    free = free.subarray(fitting)
    if (fitting === value.length) continue
    const block = new Uint8Array(Math.max(BLOCK_BYTES, value.length - fitting))
    block.set(value.subarray(fitting))
    blocks.push(block)
    free = block.subarray(value.length - fitting)
  }
}

const joined = (blocks: readonly Uint8Array[], length: number): Bytes => {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const block of blocks) {
    bytes.set(block.subarray(0, length - at), at)
    at += block.length
  }
  return bytes
}

/**
 * Reads the text of a response (UTF-8).
 * @throws TooLong once the body exceeds `maxBytes`, NotText
 */
export const readBounded = async (response: Response, maxBytes: number): Promise<string> => {
  const bytes = await readBytes(response, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new NotText('the answer is not UTF-8', { cause })
  }
}
