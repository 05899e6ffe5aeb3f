import { describe, expect, it } from 'vitest'
import { judge, textsOfFile } from './judge.ts'
import { beginsWithOpener, sentenceBeginsWithOpener, vagueTerm } from './openers.ts'
import { pageTextsOf } from './pages.ts'
import { messagesOf, textsOf } from './texts.ts'

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

describe('sentence of a page', () => {
  it.each([
    ['Of several processes, one fills the database.', true],
    ['Whoever asks shares these pages.', true],
    ['Those are refused.', true],
    ['Nobody gives more than they have.', true],
    ['What it records is old.', true],
    ['If the disk is full, the server refuses writes.', false],
    ['It refuses writes.', false],
    ['These rows expire.', false],
    ['`key list` names it.', false],
  ])('%j begins with an opener: %s', (text, expected) => {
    expect(sentenceBeginsWithOpener(text)).toBe(expected)
  })
})

describe('vague term', () => {
  it.each([
    ['Keeps the keys for a\n while.', 'a while'],
    ['The server cannot answer Right now.', 'right now'],
    ['readable for whoever has it', 'whoever'],
    ['Nobody reads it', 'nobody'],
    ['set by somebody', 'somebody'],
    ['waits a whileLoop', null],
    ['the words "a while" and `nobody`', null],
    ['after 60 s', null],
  ])('is read from %j: %j', (text, expected) => {
    expect(vagueTerm(text)).toBe(expected)
  })
})

describe('texts of a page', () => {
  const page = `# What a heading asks

First sentence.
Second with v1.2 of a [link](x.md). What
a third.

\`\`\`sh
What is code.
\`\`\`

- **What an item is.** Behind it
  a sentence.
- Cause: Those after a label.
1. \`code\` first

| Of a row | whoever |
| --- | --- |
`
  it('are its sentences and the rows of its tables, each with its line', () => {
    expect(pageTextsOf(page).map(({ kind, line, text }) => [kind, line, text.trim()])).toEqual([
      ['sentence', 3, 'First sentence.'],
      ['sentence', 4, 'Second with v1.2 of a [link](x.md).'],
      ['sentence', 4, 'What\na third.'],
      ['sentence', 11, 'What an item is.**'],
      ['sentence', 11, 'Behind it\na sentence.'],
      ['sentence', 13, 'Those after a label.'],
      ['sentence', 14, '`code` first'],
      ['row', 16, '| Of a row | whoever |'],
      ['row', 17, '| --- | --- |'],
    ])
  })
})

describe('judgement', () => {
  const faultsOf = (path: string, content: string) => judge(textsOfFile(path, content)).faults

  it.each([
    ['a comment', 'src/a.ts', '// Whoever asks'],
    ['a comment of two lines', 'src/a.ts', '// The server waits a\n// while.'],
    ['a title', 'test/a.test.ts', `it('server has nobody', () => {})`],
    ['a message', 'src/a.ts', `const text = 'cannot answer right now'`],
    ['a message with a value', 'src/a.ts', 'const text = `${id} waits a while`'],
    ['a sentence', 'docs/a.md', 'The server waits a while.'],
    ['a row of a table', 'docs/a.md', '| a | somebody |'],
  ])('refuses one vague term in %s', (_, path, content) => {
    const verdict = judge(textsOfFile(path, `${content}\n`))
    expect(verdict.faults.filter((fault) => fault.includes('contains'))).toHaveLength(1)
    expect(verdict.passes).toBe(false)
  })

  it('accepts a vague word in the data of a test', () => {
    const verdict = judge(
      textsOfFile('test/a.test.ts', `// Data.\nconst name = 'nobody is here'\n`),
    )
    expect(verdict).toMatchObject({ faults: [], passes: true })
  })

  it.each([
    ['a page', 'docs/a.md', (opener: string) => `${opener}. ${'The server answers. '.repeat(49)}`],
    [
      'a program',
      'src/a.ts',
      (opener: string) => `// ${opener}\n\n${'// The server answers.\n\n'.repeat(49)}`,
    ],
  ])('refuses 2 %% of openers in %s, and accepts less', (_, path, contentOf) => {
    const texts = textsOfFile(path, contentOf('What begins'))
    expect(judge(texts).passes).toBe(false)
    expect(judge([...texts, ...textsOfFile(path, contentOf('The end'))]).passes).toBe(true)
  })

  it('counts sentences apart from comments', () => {
    const comments = textsOfFile('src/a.ts', '// The server answers.\n\n'.repeat(1_000))
    expect(judge([...comments, ...textsOfFile('docs/a.md', 'What begins.')]).passes).toBe(false)
  })

  it('names path, line and first line of a fault', () => {
    expect(faultsOf('docs/a.md', '# Title\n\nThe server waits\na while.\n')).toEqual([
      'docs/a.md:3: sentence contains "a while": The server waits',
    ])
    expect(faultsOf('docs/a.md', 'The end. Of several one.\n')).toEqual([
      'docs/a.md:1: sentence begins without a noun or a verb: Of several one.',
    ])
  })

  it('refuses an empty list of texts', () => {
    expect(judge([]).passes).toBe(false)
  })
})

describe('messages of a source', () => {
  it('are its strings and templates with a space', () => {
    const source = 'const a = ["word", "two words"]\nconst b = `${a} with text ${a}`\n'
    expect(messagesOf('a.ts', source)).toEqual([
      { kind: 'message', line: 1, text: 'two words' },
      { kind: 'message', line: 2, text: ' with text ' },
    ])
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
