// Pages for readers: each path that they name exists, CONTRIBUTING lists existing files, and tables stay
// narrow.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, filesBelow, pathsIn, proseOf, readPage } from './support.ts'

const PAGES = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'src/verifier/README.md',
  ...filesBelow('docs', '.md'),
]

/** Widest row of a table, in columns: wider rows wrap in most editors. */
const MAX_TABLE_COLUMNS = 160

/** Tables of definitions and of commands, whose cells are looked up one by one. */
const WIDE_PAGES = ['docs/design.md']

/** Files that a server or a build makes. */
const MADE = /^(keys\/|data\/|dist\/|src\/verifier\/dist\/)/

/** A path may have the fragment of a link. */
const isMissing = (path: string): boolean => {
  const [file = ''] = path.split('#')
  return !MADE.test(file) && !existsSync(join(ROOT, file))
}

/** Paragraphs before the first command, table or picture: the text that says what the reader can do, and one more. */
const MAX_PARAGRAPHS_BEFORE = 2

/** Paragraphs of a page up to the first block that shows something. */
const opening = (text: string): string[] => {
  const parts = text.split(/\n\n+/).filter((part) => !part.startsWith('#'))
  const shown = parts.findIndex((part) => /^(```|\||!\[)/.test(part))
  return shown === -1 ? parts : parts.slice(0, shown)
}

/** First lines of blocks without a language, whose output no test compares. */
const unnamedBlocks = (text: string): string[] =>
  [...text.matchAll(/^ *```(.*)\n([^]*?)^ *```$/gm)].flatMap(([, language, content = '']) =>
    language === '' ? [content.slice(0, 60)] : [],
  )

const wideRows = (text: string): string[] =>
  proseOf(text)
    .split('\n')
    .filter((line) => line.startsWith('|') && line.length > MAX_TABLE_COLUMNS)

describe('page', () => {
  it.each(PAGES)('names files that exist: %s', (page) => {
    expect(pathsIn(readPage(page)).filter(isMissing)).toEqual([])
  })

  it.each([...PAGES, 'CONTRIBUTING.md'])('names the language of each block: %s', (page) => {
    expect(unnamedBlocks(readPage(page))).toEqual([])
  })

  it.each(PAGES.filter((page) => !WIDE_PAGES.includes(page)))('has narrow tables: %s', (page) => {
    expect(wideRows(readPage(page))).toEqual([])
  })
})

it.each(filesBelow('docs', '.md').filter((page) => !page.includes('/decisions/')))(
  'page opens with what the reader can do, and shows it soon: %s',
  (page) => {
    const paragraphs = opening(readPage(page))
    expect(paragraphs[0]).toMatch(/\byou can\b/)
    expect(paragraphs.length).toBeLessThanOrEqual(MAX_PARAGRAPHS_BEFORE)
  },
)

/** Paths of a tree: an entry is as deep as it is indented, and a line can have several before its text. */
const pathsOfTree = (tree: string): string[] => {
  const folders: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', entries = ''] = /^( *)(\S+(?: \S+)*)/.exec(line) ?? []
    const depth = indent.length / 2
    const names = entries.split(' ')
    folders[depth] = names[0] ?? ''
    return names.map((name) => join(...folders.slice(0, depth), name))
  })
}

describe('tree in CONTRIBUTING', () => {
  const [, tree = ''] =
    /^## Where things are\n\n```text\n([^]*?)\n```$/m.exec(readPage('CONTRIBUTING.md')) ?? []

  it('is read by its indentation', () => {
    const text = 'src/\n  a.ts b.ts  two files\n  c/         a room\n    d/       in it\ntest/'
    const paths = ['src/', 'src/a.ts', 'src/b.ts', 'src/c/', 'src/c/d/', 'test/']
    expect(pathsOfTree(text)).toEqual(paths)
  })

  it('has files and folders that exist', () => {
    const paths = pathsOfTree(tree)
    expect(paths.length).toBeGreaterThan(30)
    expect(paths.filter(isMissing)).toEqual([])
  })
})
