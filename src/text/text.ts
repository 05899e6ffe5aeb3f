// Text for people: its rule on input, and its escape on output. Pure: no I/O.

/** Text of these characters alone is valid without further checks. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

/**
 * Controls, format characters (bidi, zero-width, tags), line separators, surrogates, noncharacters,
 * ignorables.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}\p{NChar}]/u

/** ZWNJ and ZWJ: Persian, Indic scripts and joined emoji need them between two characters. */
const JOINER = /[\u200c\u200d]/

/** Variation selectors: emoji, ideographs and Mongolian need them behind a character. */
const SELECTOR = /\p{VS}/u

/**
 * Characters that a joiner or a selector may follow. Latin, Greek and Cyrillic letters are excluded:
 * a joiner between them makes lookalike names.
 */
const JOINABLE =
  /[^\p{ASCII}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{DI}\p{NChar}\u2800]/u

/**
 * The flag of England, Scotland or Wales (a black flag followed by the tags gbeng, gbsct or gbwls,
 * the only ones that Unicode recommends, UTS #51 §C.1.1), or one code point. Other tags are
 * invisible after the black flag and hide letters.
 */
const FLAG_OR_POINT =
  /\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}|[\0-\u{10ffff}]/gu
const MAX_POINT_UNITS = 2

/** The first character of a keycap emoji, which consists of ASCII, a selector and U+20E3. */
const KEY = /[#*0-9]/
const KEYCAP = '\u20e3'

/** U+2800 is the braille pattern without dots. */
const VISIBLE = /[^\p{Z}\p{M}\p{Cc}\p{Cf}\p{Cs}\p{DI}\p{NChar}\u2800]/u

/** The code points of a text; a flag with its tags counts as one. */
const pointsOf = (text: string): string[] => text.match(FLAG_OR_POINT) ?? []

const isHidden = (point: string, before: string, after: string): boolean => {
  if (point.length > MAX_POINT_UNITS) return false // a flag
  if (JOINER.test(point)) {
    return !(JOINABLE.test(before) || SELECTOR.test(before)) || !JOINABLE.test(after)
  }
  if (SELECTOR.test(point)) {
    return !JOINABLE.test(before) && !(KEY.test(before) && after === KEYCAP)
  }
  return HIDDEN.test(point)
}

const hexOf = (point: string): string => (point.codePointAt(0) ?? 0).toString(16)

/**
 * @returns the violated rule with the code point (`U+202E`) and without the text; null for a valid
 * text
 */
export const textError = (text: string): string | null => {
  if (PRINTABLE_ASCII.test(text)) return null
  const points = pointsOf(text)
  const hidden = points.find((point, i) =>
    isHidden(point, points[i - 1] ?? '', points[i + 1] ?? ''),
  )
  if (hidden === undefined) return null
  return `have no control or invisible character (U+${hexOf(hidden).toUpperCase().padStart(4, '0')})`
}

/** True unless the text consists of spaces, combining marks and ignorable characters. */
export const isVisible = (text: string): boolean => VISIBLE.test(text)

/**
 * Escapes each character that input refuses, as `\u{202e}`. The result is one line for a terminal.
 */
export const escapeText = (text: string): string => {
  if (PRINTABLE_ASCII.test(text)) return text
  const points = pointsOf(text)
  return points
    .map((point, i) =>
      isHidden(point, points[i - 1] ?? '', points[i + 1] ?? '') ? `\\u{${hexOf(point)}}` : point,
    )
    .join('')
}

/** Escapes each line of a text, such as a help text. */
export const escapeLines = (text: string): string => text.split('\n').map(escapeText).join('\n')

/**
 * Invisible characters of JSON, without the line feed: it is layout between members, and JSON
 * escapes it within texts.
 */
const HIDDEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{DI}\p{NChar}]/gu

const jsonEscape = (point: string): string =>
  point
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** Escapes invisible characters in JSON, as `\u202e`. The value stays the same. */
export const escapeJson = (json: string): string => json.replace(HIDDEN_IN_JSON, jsonEscape)

export const toJson = (value: unknown, indent?: number): string =>
  escapeJson(JSON.stringify(value, null, indent))
