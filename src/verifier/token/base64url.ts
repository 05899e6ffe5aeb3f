// Decodes canonical base64url: without padding (RFC 4648 §5, RFC 7515 §2), each byte string in one
// spelling. Pure.
//
// Decoders of platforms are lenient: `atob` skips white space, and accepts padding and unused bits
// that are not zero.
import type { Bytes } from '../net/bytes.ts'
import { native } from '../net/native.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The value of each character code; -1 for a character outside the alphabet. */
export const SIX_BITS = new Int8Array(256).fill(-1)
for (let i = 0; i < ALPHABET.length; i++) SIX_BITS[ALPHABET.charCodeAt(i)] = i

const ASCII = new TextEncoder()

/**
 * Decodes the last two or three characters.
 * @returns false for unused bits that are not zero, and for a single character
 */
const decodeRest = (text: Uint8Array, bytes: Uint8Array, at: number): boolean => {
  const rest = text.length % 4
  if (rest === 0) return true
  if (rest === 1) return false
  const [a, b, c = 0] = Array.from(text.subarray(-rest), (code) => SIX_BITS[code]!)
  const bits = (a! << 12) | (b! << 6) | c
  const unused = rest === 2 ? 0b1111 << 6 : 0b11
  if (bits < 0 || (bits & unused) !== 0) return false
  bytes[at] = bits >> 10
  if (rest === 3) bytes[at + 1] = bits >> 2
  return true
}

/** Node's decoder is lenient, too. Only the canonical spelling of its bytes is equal to the text. */
const decodeText = (text: string): Bytes | null => {
  if (native === null) return decodeBase64url(ASCII.encode(text))
  const bytes = native.buffer.Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : null
}

/**
 * Decodes a text.
 * @returns null for a text that is not canonical: another character, padding, white space, unused
 *   bits that are not zero
 */
export const decodeBase64url = (text: Uint8Array | string): Bytes | null => {
  if (typeof text === 'string') return decodeText(text)
  const whole = text.length - (text.length % 4)
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let at = 0
  let all = 0
  for (let i = 0; i < whole; i += 4) {
    const bits =
      (SIX_BITS[text[i]!]! << 18) |
      (SIX_BITS[text[i + 1]!]! << 12) |
      (SIX_BITS[text[i + 2]!]! << 6) |
      SIX_BITS[text[i + 3]!]!
    all |= bits // negative after a character outside the alphabet
    bytes[at] = bits >> 16
    bytes[at + 1] = bits >> 8
    bytes[at + 2] = bits
    at += 3
  }
  return all >= 0 && decodeRest(text, bytes, at) ? bytes : null
}
