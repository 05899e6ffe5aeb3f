// Words of a shell command that a message tells the operator to run. Pure: no I/O.
import { escapeText } from './text.ts'

/** Text that a POSIX shell reads as one word, and a program as no option. */
const PLAIN_WORD = /^[\w@%+:,./][\w@%+=:,./-]*$/

/** Quotes a text as one word of a POSIX shell (POSIX.1-2017, Shell Command Language §2.2.2). */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/**
 * A word that can be shown and pasted: quoted if a shell would read more in it, and without a character that a terminal
 * hides or obeys. Such a character is escaped, so that the word then names no file.
 */
export const shellWord = (text: string): string =>
  PLAIN_WORD.test(text) ? text : quoted(escapeText(text))

/** A path as a word. One that begins with a dash would be an option. */
export const shellPath = (path: string): string =>
  shellWord(path.startsWith('-') ? `./${path}` : path)
