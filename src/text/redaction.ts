// Redaction of sent values for messages and log lines: without secrets, bounded, on one line. Pure:
// no I/O.
import { MAX_SHOWN_CHARS, MAX_SHOWN_VALUES, MIN_HIDDEN_SECRET_CHARS } from '../constants.ts'
import { escapeText } from './text.ts'

/**
 * Our secrets up to the next space, and JWTs. Callers bound the text, because the pattern tries
 * each `ey`.
 */
const OWN_SECRETS = /(?<![a-z])lk[ser]_\S*|ey[\w-]{8,512}\.\S*/gi

/** Keys of other services with a known prefix: OpenAI, Stripe, AWS, GitHub and Slack. */
const PREFIXED = /(?<![a-z0-9])(?:sk[-_]|akia|gh[oprsu]_|xox)\S{8,512}/gi

/** Base64 with slashes, such as the keys of AWS. */
const SLASHED = /[\w+=/-]{32,}/g

/**
 * True for a run that changes ten times between lower case, upper case and digits. Keys do, words
 * do not.
 */
const changesOften = (run: string): boolean =>
  (run.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[A-Za-z])/g) ?? []).length >= 10

/**
 * Long runs of word characters. Secrets of other services and base64 of credentials are such runs;
 * few ids are.
 */
const RUN = /[\w+=-]{32,}/g

const looksRandom = (run: string): boolean =>
  (/[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run)) || /[0-9a-f]{40}/i.test(run)

/**
 * Replaces secrets, tokens and texts that look like one by `…`: people paste them into the wrong
 * field.
 */
export const hideSecrets = (text: string): string =>
  text
    .replace(OWN_SECRETS, '…')
    .replace(PREFIXED, '…')
    .replace(RUN, (run) => (looksRandom(run) ? '…' : run))
    .replace(SLASHED, (run) => (changesOften(run) ? '…' : run))

/**
 * Makes a function that replaces a secret by `…`, also in the spellings of descriptions and forms.
 * @param secret presented in the same request; null and secrets under `MIN_HIDDEN_SECRET_CHARS`
 * characters hide nothing
 */
export const hidingSecret = (secret: string | null): ((text: string) => string) => {
  if (secret === null || secret.length < MIN_HIDDEN_SECRET_CHARS) return (text) => text
  const spellings = new Set([secret, escapeText(secret), describable(secret)])
  return (text) => [...spellings].reduce((rest, spelling) => rest.replaceAll(spelling, '…'), text)
}

/**
 * Cuts a long value, which bounds the work. Removes the word at the cut: half a secret does not
 * look like a secret.
 */
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
 * Redacts a value to one line of at most `MAX_SHOWN_CHARS` characters before escapes, for log,
 * terminal and problem details.
 * @example shownValue('hook:govern') // 'hook:govern'
 * @example shownValue('lks_q9…') // '…'
 */
export const shownValue = (text: string): string => escapeText(bounded(text))

/** Redacts the first `MAX_SHOWN_VALUES` values in the characters of an `error_description`. */
export const describedValues = (values: readonly string[]): string => {
  const shown = values.slice(0, MAX_SHOWN_VALUES).map((text) => describable(bounded(text)))
  const more = values.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' ')
}

/** Characters that an `error_description` must not have (RFC 6749 §5.2). */
const NOT_DESCRIBABLE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/gu

const percentEncoded = (point: string): string =>
  Array.from(new TextEncoder().encode(point))
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')

const isShown = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

/**
 * The text of a refused input; undefined for an object, and for a list with an object.
 * @example inputText(['read', 7]) // '[read 7]'
 */
export const inputText = (value: unknown): string | undefined => {
  if (Array.isArray(value)) return value.every(isShown) ? `[${value.join(' ')}]` : undefined
  return isShown(value) ? String(value) : undefined
}

/**
 * Converts a text to the characters of an `error_description` (RFC 6749 §5.2): percent-encoded, `…`
 * as three dots.
 */
export const describable = (text: string): string =>
  text.replaceAll('…', '...').replace(NOT_DESCRIBABLE, percentEncoded)
