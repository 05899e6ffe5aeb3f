// Regular expressions of src/: they take time in proportion to their text, which an attacker may
// choose.
import { analyse } from 'scslre'
import { expect, it } from 'vitest'
import { sources } from './support/imports.ts'
import { literalsOf } from './support/patterns.ts'

/** Patterns that need a reason: the bound of the text, or why no part is read twice. */
const REVIEWED: Record<string, string> = {
  '/(?:[^";]|"(?:[^"\\\\]|\\\\.)*")+/g': 'the text is one field: each string in it ends',
  '/lk[ser]_|ey[\\w-]{8,}\\.ey[\\w-]{8,}\\./': 'the text has at most 255 characters',
  '/(?<![a-z])lk[ser]_\\S*|ey[\\w-]{8,512}\\.\\S*/gi': 'callers cut the text to 512 characters',
  '/ey[\\w-]{8,}(?:\\.|%2e)\\S*|(?<![\\w-])[\\w-]{8,}(?:\\.|%2e)[\\w-]{8,}(?:\\.|%2e)[\\w-]{32,}/gi':
    'the text has at most 1,024 characters',
  '/[\\w+=/-]{32,}/g':
    'callers cut the text to 512 characters, and a match takes the whole run along',
  '/[\\w+=-]{32,}/g':
    'callers cut the text to 512 characters, and a match takes the whole run along',
  '/\\.\\d+/g': 'text of ours: a time, or a path of the schema',
  '/[-:]|\\.\\d+/g': 'text of ours: a time',
  '/(\\.\\w+)?$/': 'text of ours: the path of a file',
  '/\\?[^\\s)\'"]+/g': 'a match takes every question mark behind its own along',
  '/<\\w+>/': 'text of ours: the usage of a command',
  '/{(\\w+)}/g': 'text of ours: the path of an endpoint',
  '/`(\\w+)`/g': 'text of ours: a description',
  '/\\bSQLITE_[A-Z_]+/': 'a message of the driver',
  '/^https?:\\/\\/([^/?]*)(.*)$/i': 'the text has no line break: the end always matches',
  '/^basic(?: +|$)(.*)$/is': 'the end always matches',
  '/^bearer +(.*)$/is': 'the end always matches',
}

const CLASS = /\[(?:[^\]\\]|\\.)*\]/g
const OPEN_QUANTIFIER = /(?<!\\)[+*]|\{\d+,\}/

/** True for a pattern that may begin anywhere, and reads on from each such place. */
const beginsAnywhere = (literal: string): boolean =>
  !literal.startsWith('/^') &&
  OPEN_QUANTIFIER.test(
    literal
      .slice(1)

      .replaceAll(CLASS, 'x'),
  )

/** True when the time can grow faster than the text. */
const needsReason = (literal: string): boolean => {
  const end = literal.lastIndexOf('/')
  const pattern = { source: literal.slice(1, end), flags: literal.slice(end + 1) }
  return beginsAnywhere(literal) || analyse(pattern).reports.length > 0
}

it.each(['/x[\\w-]{8,}y/', '/^(a+)*b$/', '/^\\w+\\w+$/', '/\\s+$/'])(
  'pattern %s needs a reason',
  (literal) => {
    expect(needsReason(literal)).toBe(true)
  },
)

it('patterns without a reason are linear', () => {
  const literals = [...sources()].flatMap(([, text]) => literalsOf(text))
  expect(literals.length).toBeGreaterThan(80)
  const needy = new Set(literals.filter(needsReason))
  expect([...needy].toSorted()).toEqual(Object.keys(REVIEWED).toSorted())
})

it('patterns that are built at run time are those of scopes', () => {
  const computed = [...sources()].filter(([, text]) => text.includes('new RegExp('))
  expect(computed.map(([path]) => path)).toEqual(['verifier/token/scope.ts'])
  expect(needsReason('/^[!#-[\\]-~]+( [!#-[\\]-~]+)*$/')).toBe(false)
})
