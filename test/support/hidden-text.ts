// Characters that a terminal hides or obeys, and a check that finds them in printed text.
import { expect } from 'vitest'

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** Code points that no text may contain in any position. */
export const HIDDEN_POINTS: readonly number[] = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  0xad,
  0x34f,
  0x61c,
  0x115f,
  0x1160,
  0x17b4,
  0x180e,
  0x3164,
  0xffa0,
  0x200b,
  0x200e,
  0x200f,
  0x2028,
  0x2029,
  ...range(0x202a, 0x202e),
  ...range(0x2060, 0x206f),
  0xfeff,
  0xfff9,
  0xfffa,
  0xfffb,
  0xfdd0,
  0xfffe,
  0xffff,
  0x1fffe,
  0x10ffff,
  0x1d173,
  0xe0001,
  0xe0020,
  0xe0041,
  0xe007f,
]

/** One code point of each kind, for tests that start a process for each. */
export const HIDDEN_KINDS = [0x1b, 0x7f, 0x9b, 0x202e, 0x2066, 0x200b, 0x2028, 0xfeff, 0xe0041]

/** Text with a joiner or a selector that is alone, repeated, at an end or beside ASCII. */
export const MISPLACED = [
  '\u200cа\u0628',
  '\u0628\u200d',
  '\u0628\u200c\u200c\u0628',
  'a\u200db',
  '\u0628\u200da',
  '\ufe0f\u2764',
  'a\ufe0f',
  '1\ufe0f',
  '\u2764\ufe0f\ufe0f',
  '\u2764\ufe0f\u200d',
  ' \u200d \u0628',
  '\u0437\u200d\u0437',
  '\u00e9\u{e0100}',
]

export const named = (point: number): string =>
  `U+${point.toString(16).toUpperCase().padStart(4, '0')}`

const SURROGATES = range(0xd800, 0xdfff)
const NEVER_PRINTED = new Set([...HIDDEN_POINTS, ...SURROGATES])

/** Checks printed text, in which the line feed is the only control character allowed. */
export const expectNothingHidden = (printed: string): void => {
  const points = Array.from(printed.replaceAll('\n', ''), (char) => char.codePointAt(0) ?? 0)
  expect(points.filter((point) => NEVER_PRINTED.has(point)).map(named)).toEqual([])
}
