// The sentence for a field that is not what it must be, in place of the validator's own. Pure: no I/O.
import type { z } from 'zod'

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
 * The error map of every check of input: a schema's own sentence comes before it. Never repeats the input.
 * @example schema.safeParse(input, { error: expected })
 */
export const expected = (issue: Issue): string => {
  const sentence = SENTENCES[issue.code]?.(issue) ?? 'must be of another form'
  return issue.input === undefined && issue.code === 'invalid_type'
    ? `${sentence}, and is missing`
    : sentence
}
