// Paths in settings. They are used without expansion, so syntax of a shell or a URL is refused.
// Pure: no I/O.
import { textError } from '../text/text.ts'

/** Syntax that would become a part of a file name, and its description. */
const UNEXPANDED: readonly (readonly [pattern: RegExp, what: string])[] = [
  // eslint-disable-next-line no-control-regex
  [/[\x00-\x1f\x7f]/, 'a control character'],
  [/^\s|\s$/, 'a blank at its start or end'],
  [
    /["'\u00ab\u00bb\u2018-\u201f\u2032-\u2037\u2039\u203a\u301d-\u301f\uff02\uff07]/,
    'quotation marks, which only a shell removes',
  ],
  [/^[A-Za-z][A-Za-z0-9+.-]*:/, 'a scheme or a drive: write the path alone'],
  [/\?/, 'a question mark: a path has no parameters, unlike a URL'],
  [/#/, 'a #: a path has no fragment, unlike a URL'],
  [/%/, 'a percent sign: write the character itself instead of %20'],
  [/(^|\/)~/, 'a ~, which only a shell replaces: write the whole path'],
  [/\$/, 'a $, which only a shell replaces: write the whole path'],
  [/[`*{};&|<>]/, 'one of the characters ` * { } ; & | < >, which only a shell interprets'],
  [/\\/, 'a backslash: folders are separated by /'],
]

/** Describes why a text is refused as a path, without repeating it; null for a valid path. */
export const pathError = (text: string): string | null => {
  const found = UNEXPANDED.find(([pattern]) => pattern.test(text))
  if (found !== undefined) return `must be a plain path; it has ${found[1]}`
  const hidden = textError(text)
  return hidden === null ? null : `must ${hidden}`
}
