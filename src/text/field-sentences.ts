// Sentences for invalid fields, in place of the validator's own. Pure: no I/O.
import type { z } from 'zod'
import { inputText, shownValue } from './redaction.ts'

type Issue = z.core.$ZodRawIssue

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  undefined: 'left out',
  never: 'left out',
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' }

const textOf = (issue: Issue, name: string): string => String(issue[name])

const bound = (issue: Issue, side: 'at least' | 'at most', limit: string): string => {
  const unit = UNITS[textOf(issue, 'origin')]
  return unit === undefined ? `must be ${side} ${limit}` : `must have ${side} ${limit}${unit}`
}

const SENTENCES: Readonly<Record<string, (issue: Issue) => string>> = {
  invalid_type: (issue) => `must be ${NOUNS[textOf(issue, 'expected')] ?? 'of another form'}`,
  invalid_value: (issue) => `must be ${(issue['values'] as unknown[]).map(String).join(' or ')}`,
  too_small: (issue) => bound(issue, 'at least', textOf(issue, 'minimum')),
  too_big: (issue) => bound(issue, 'at most', textOf(issue, 'maximum')),
}

/**
 * The error map of every check of input. A schema's own sentence has priority. `withSent` appends
 * the input.
 * @example schema.safeParse(input, { error: fieldSentence })
 */
export const fieldSentence = (issue: Issue): string => {
  const sentence = SENTENCES[issue.code]?.(issue) ?? 'must be of another form'
  return issue.input === undefined && issue.code === 'invalid_type'
    ? `${sentence}, and is missing`
    : sentence
}

/**
 * Names of members whose value may be a secret, a token or a key, without `token_ttl` and similar
 * ones.
 */
const SECRET_NAME = /secret|token(?!_(?:ttl|endpoint))|key|jwk|credential|password|assertion/i

/**
 * Sentences that name the refused character, or are about the name of the member: no value is
 * appended.
 */
const COMPLETE = /^must (?:have no control |be written )/

/** True if the value cannot be a secret: by its name, or because it is true or false. */
const isPublic = (path: readonly PropertyKey[], value: unknown): boolean =>
  typeof value === 'boolean' || !path.some((name) => SECRET_NAME.test(String(name)))

/**
 * The text of a refused input; undefined if it may be a secret, for an object, and for a list with
 * an object.
 */
export const sentText = (path: readonly PropertyKey[], value: unknown): string | undefined =>
  isPublic(path, value) ? inputText(value) : undefined

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : 'an object'
}

/** Shows a value. A text that looks like a value of another type is called a text. */
const named = (value: unknown, text: string, code: string): string => {
  const reads = typeof value === 'string' && /^(?:-?\d[\d.]{0,20}|true|false|null)$/.test(value)
  return reads && code === 'invalid_type' ? `the text ${text}` : shownValue(text)
}

/**
 * Appends the refused value to a sentence: texts, numbers and booleans without secrets, bounded and
 * on one line; of lists and objects the kind. A complete sentence and one about a secret stay as
 * they are.
 * @example withSent('must be RS256', { path: ['algorithm'], code: 'invalid_value' }, 'HS256') // 'must be RS256, not HS256'
 */
export const withSent = (
  must: string,
  { path, code }: { path: readonly PropertyKey[]; code: string },
  value: unknown,
): string => {
  if (value === undefined || COMPLETE.test(must) || !isPublic(path, value)) return must
  const text = typeof value === 'object' ? undefined : inputText(value)
  if (text === undefined) {
    const kind = kindOf(value)
    return must.startsWith('must be ') && !must.includes(kind) ? `${must}, not ${kind}` : must
  }
  if (text.trim() !== '') return `${must}, not ${named(value, text, code)}`
  return must.includes('empty') ? must : `${must}, not ${text === '' ? 'empty' : 'blank'}`
}

/** The value at a path; undefined if there is none. */
export const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<PropertyKey, unknown>)[name]
        : undefined,
    input,
  )
