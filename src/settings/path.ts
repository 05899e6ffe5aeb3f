// Paths in settings: taken as they are, so what only a shell or a URL would understand is refused. Pure: no I/O.
import { textError } from '../text/text.ts'

/** What would silently become a part of the name of a file. */
const NOT_UNDERSTOOD: readonly (readonly [pattern: RegExp, what: string])[] = [
  // eslint-disable-next-line no-control-regex
  [/[\x00-\x1f\x7f]/, 'a control character'],
  [/^\s|\s$/, 'a blank at its start or end'],
  [
    /["'\u00ab\u00bb\u2018-\u201f\u2032-\u2037\u2039\u203a\u301d-\u301f\uff02\uff07]/,
    'quotation marks, which only a shell removes',
  ],
  [/^[A-Za-z][A-Za-z0-9+.-]*:/, 'a scheme or a drive: write the path alone'],
  [/\?/, 'a question mark: the parameters of a URL are not understood'],
  [/#/, 'a #: the fragment of a URL is not understood'],
  [/%/, 'a percent sign: write the character itself instead of %20'],
  [/(^|\/)~/, 'a ~, which only a shell replaces: write the whole path'],
  [/\$/, 'a $, which only a shell replaces: write the whole path'],
  [/[`*{};&|<>]/, 'one of the characters ` * { } ; & | < >, which only a shell understands'],
  [/\\/, 'a backslash: folders are separated by /'],
]

/** Why a text is not taken as the path of a file, or null. It never repeats the text. */
export const pathError = (text: string): string | null => {
  const found = NOT_UNDERSTOOD.find(([pattern]) => pattern.test(text))
  if (found !== undefined) return `must be a plain path; it has ${found[1]}`
  const hidden = textError(text)
  return hidden === null ? null : `must ${hidden}`
}
