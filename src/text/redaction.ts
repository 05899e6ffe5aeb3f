// A sent value in a message or a log line: without secrets, bounded, one line. Pure: no I/O.
import { MAX_SHOWN_CHARS, MAX_SHOWN_VALUES, MIN_HIDDEN_SECRET_CHARS } from '../constants.ts'
import { escapeText } from './text.ts'

/** Our secrets with all that follows them up to a space, and JWTs. Callers bound the text: the pattern tries each `ey`. */
const OWN_SECRETS = /(?<![a-z])lk[ser]_\S*|ey[\w-]{8,512}\.\S*/gi

/** Keys of other makers that a prefix tells: of OpenAI and Stripe, AWS, GitHub and Slack. */
const PREFIXED = /(?<![a-z0-9])(?:sk[-_]|akia|gh[oprsu]_|xox)\S{8,512}/gi

/** Base64 with slashes, as keys of AWS are. */
const SLASHED = /[\w+=/-]{32,}/g

/** Words change between letters of either case and digits less often than keys do. */
const changesOften = (run: string): boolean =>
  (run.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[A-Za-z])/g) ?? []).length >= 10

/** Long runs of one word. Secrets of other makers and base64 of credentials are such runs; ids rarely are. */
const RUN = /[\w+=-]{32,}/g

const looksRandom = (run: string): boolean =>
  (/[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run)) || /[0-9a-f]{40}/i.test(run)

/** Replaces secrets, tokens and whatever looks like one by `…`: people paste them into the wrong field. */
export const hideSecrets = (text: string): string =>
  text
    .replace(OWN_SECRETS, '…')
    .replace(PREFIXED, '…')
    .replace(RUN, (run) => (looksRandom(run) ? '…' : run))
    .replace(SLASHED, (run) => (changesOften(run) ? '…' : run))

/**
 * Replaces one secret by `…`, as it is and as descriptions and forms write it.
 * @param secret presented in the same request; null, and one of less than `MIN_HIDDEN_SECRET_CHARS`, hides nothing
 */
export const hidingSecret = (secret: string | null): ((text: string) => string) => {
  if (secret === null || secret.length < MIN_HIDDEN_SECRET_CHARS) return (text) => text
  const spellings = new Set([secret, escapeText(secret), describable(secret)])
  return (text) => [...spellings].reduce((rest, spelling) => rest.replaceAll(spelling, '…'), text)
}

/** The work per value is bounded by a cut first; the word at the cut goes, because half a secret does not look like one. */
const cut = (text: string): string => {
  const most = 4 * MAX_SHOWN_CHARS
  return text.length > most ? `${text.slice(0, most).replace(/\S{0,999}$/, '')}…` : text
}

const bounded = (text: string): string => {
  const points = Array.from(hideSecrets(cut(text)))
  const short = points.length > MAX_SHOWN_CHARS
  return points.slice(0, MAX_SHOWN_CHARS).join('') + (short ? '…' : '')
}

/**
 * One line of at most `MAX_SHOWN_CHARS` characters before escapes, for the log, the terminal and problem details.
 * @example shownValue('hook:govern') // 'hook:govern'
 * @example shownValue('lks_q9…') // '…'
 */
export const shownValue = (text: string): string => escapeText(bounded(text))

/** The same in the characters of an `error_description`, the first few of several values. */
export const describedValues = (values: readonly string[]): string => {
  const shown = values.slice(0, MAX_SHOWN_VALUES).map((text) => describable(bounded(text)))
  const more = values.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' ')
}

/** RFC 6749 §5.2: the characters that an `error_description` lacks. */
const NOT_DESCRIBABLE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/gu

const percentEncoded = (point: string): string =>
  Array.from(new TextEncoder().encode(point))
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')

const isShown = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

/**
 * The text of an input that is refused; undefined for an object and a list of such.
 * @example inputText(['read', 7]) // '[read 7]'
 */
export const inputText = (value: unknown): string | undefined => {
  if (Array.isArray(value)) return value.every(isShown) ? `[${value.join(' ')}]` : undefined
  return isShown(value) ? String(value) : undefined
}

/** Text in the characters of an `error_description` (RFC 6749 §5.2): others as in a form, `…` as three dots. */
export const describable = (text: string): string =>
  text.replaceAll('…', '...').replace(NOT_DESCRIBABLE, percentEncoded)
