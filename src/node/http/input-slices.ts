// Slices of a connection's input for the HTTP parser. No I/O.
import { PARSED_SLICE_BYTES } from '../../constants.ts'

const CR = 0x0d
const LF = 0x0a
const EMPTY_LINE = '\r\n\r\n'

/** First bytes of a follower's requests. They must not wait behind many others. */
const URGENT = ['/oauth/revocations', '/.well-known/jwks.json'].flatMap((path) => [
  `GET ${path} `,
  `GET ${path}?`,
])
const URGENT_BYTES = Math.max(...URGENT.map(({ length }) => length))

/** Tells whether the request at `at` is one of a follower. */
export const isUrgent = (bytes: Buffer, at: number): boolean => {
  const line = bytes.toString('latin1', at, at + URGENT_BYTES)
  return URGENT.some((start) => line.startsWith(start))
}

/** Skips the empty lines before a request line (RFC 9112 §2.2), all in one step. */
export const afterEmptyLines = (bytes: Buffer, at: number): number => {
  let next = at
  while (bytes[next] === CR || bytes[next] === LF) next += 1
  return next
}

/**
 * Finds the end of a slice: behind an empty line, which ends a request head, or after PARSED_SLICE_BYTES. Long heads and
 * bodies come in several slices.
 * @param least the slice has this many bytes at least
 */
export const endOfSlice = (
  bytes: Buffer,
  start: number,
  least: number,
): { end: number; isWhole: boolean } => {
  const limit = Math.min(bytes.length, start + PARSED_SLICE_BYTES)
  const from = start + Math.max(0, least - EMPTY_LINE.length)
  const emptyLine = bytes.subarray(from, limit).indexOf(EMPTY_LINE)
  return emptyLine === -1
    ? { end: limit, isWhole: false }
    : { end: from + emptyLine + EMPTY_LINE.length, isWhole: true }
}
