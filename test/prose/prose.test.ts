import { describe, expect, it } from 'vitest'
import { beginsWithOpener } from './openers.ts'
import { textsOf } from './texts.ts'

describe('text', () => {
  it.each([
    ['What the client sends.', true],
    ['Whoever asks', true],
    ['Of several events the last.', true],
    ['what is too long', true],
    ['The server’s clock.', false],
    ['Parses a form.', false],
    ['`code` → the sentence', false],
    ['404 for another workspace', false],
    ['Nothingness', false],
    ['%s is refused', false],
  ])('%j begins with an opener: %s', (text, expected) => {
    expect(beginsWithOpener(text)).toBe(expected)
  })
})

describe('texts of a source', () => {
  const source = `// First line
// of one comment.
const a = 'no // comment' // behind code

/**
 * Documents b.
 * @param x unused
 */
const b = /\\/\\/ pattern/
// @ts-expect-error an instruction
describe('outer', () => {
  it.each([1])('case %s', () => {})
  test(\`computed \${a}\`, () => {})
  expect('it').toBe('nothing')
})
`
  it('are its comments and titles, each with its line', () => {
    expect(textsOf('a.test.ts', source)).toEqual([
      { kind: 'comment', line: 1, text: ' First line\n of one comment.' },
      { kind: 'comment', line: 3, text: ' behind code' },
      { kind: 'comment', line: 5, text: '\n Documents b.\n @param x unused\n ' },
      { kind: 'title', line: 11, text: 'outer' },
      { kind: 'title', line: 12, text: 'case %s' },
      { kind: 'title', line: 13, text: 'computed …' },
    ])
  })

  it('cause an error with the path when the source cannot be parsed', () => {
    expect(() => textsOf('a.ts', 'const = 1')).toThrow(/^a\.ts: /)
  })
})
