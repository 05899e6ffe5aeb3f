// A citation of the contract, such as `(design: Keys)`, names a section of docs/design.md that exists.
import { describe, expect, it } from 'vitest'
import { filesBelow, headingsOf, proseOf, readPage } from './support.ts'

const DESIGN = 'docs/design.md'
const design = readPage(DESIGN)
const headings = headingsOf(design)

/** The numbered items of the section with this title. */
const itemsOf = (title: string): number => {
  const [, body = ''] = proseOf(design).split(`\n## ${title}\n`)
  return [...(body.split('\n## ')[0] ?? '').matchAll(/^\d+\. /gm)].length
}

/** Citations of a comment, which can go over two lines: `Keys`, or `Rules, 2` for an item of a list. */
const citationsOf = (text: string): string[] =>
  [...text.replaceAll(/\n\s*(\/\/|\*)\s*/g, ' ').matchAll(/\(design: ([^;)]+)/g)].map(
    ([, section = '']) => section.trim(),
  )

const isSection = (citation: string): boolean => {
  const [title = '', item] = citation.split(', ')
  return headings.includes(title) && (item === undefined || Number(item) <= itemsOf(title))
}

const cited = [
  ...filesBelow('src', '.ts'),
  ...filesBelow('test', '.ts'),
  ...filesBelow('bench', '.ts'),
]
  .filter((path) => !path.startsWith('test/docs/'))
  .flatMap((path) => citationsOf(readPage(path)).map((citation) => ({ path, citation })))

describe('citations of docs/design.md', () => {
  it('are recognized in comments of one line and of two', () => {
    const text = '// Who may (design: Rules, 2).\n * reads it (design:\n * The list; RFC 7519)'
    expect(citationsOf(text)).toEqual(['Rules, 2', 'The list'])
  })

  it('name a section, or an item of its list', () => {
    expect(isSection('Rules, 2')).toBe(true)
    expect(isSection('Rules, 99')).toBe(false)
    expect(isSection('Nothing')).toBe(false)
  })

  it('name existing sections', () => {
    expect(cited.length).toBeGreaterThan(10)
    expect(cited.filter(({ citation }) => !isSection(citation))).toEqual([])
  })
})
