// Sentences and table cells of a Markdown page. Pure: no I/O.
import type { Text } from './texts.ts'

const FENCE = /^\s*(?:```|~~~)/
const TABLE_ROW = /^\s*\|/
const HEADING = /^#/
const LIST_ITEM = /^\s*(?:[-*]|\d+\.)\s+/
/** The end of a sentence, with the space before the next one. */
const END = /[.!?][)”"*]*\s+(?=[A-Z`[(“"*])/g
/** A label of up to three words, such as `Cause:`, and marks that a browser does not show. */
const LABEL = /^[\s*([“"]*(?:(?:[\w-]+ ){0,2}[\w-]+:\*{0,2} )?[\s*([“"]*/

type Block = { line: number; lines: string[] }

/** Paragraphs and list items, without code, headings and tables. */
const blocksOf = (lines: readonly string[]): Block[] => {
  const blocks: Block[] = []
  let open: Block | null = null
  for (const [index, content] of lines.entries()) {
    if (content.trim() === '' || TABLE_ROW.test(content) || HEADING.test(content)) {
      open = null
    } else if (open === null || LIST_ITEM.test(content)) {
      open = { line: index + 1, lines: [content.replace(LIST_ITEM, '')] }
      blocks.push(open)
    } else {
      open.lines.push(content.trim())
    }
  }
  return blocks
}

const sentencesOf = ({ line, lines }: Block): Text[] => {
  const text = lines.join('\n')
  const starts = [0, ...[...text.matchAll(END)].map(({ 0: end, index }) => index + end.length)]
  return starts.map((start, i) => ({
    kind: 'sentence',
    line: line + text.slice(0, start).split('\n').length - 1,
    text: text.slice(start, starts[i + 1]).replace(LABEL, ''),
  }))
}

/** Empties the lines of code blocks, so that the others keep their numbers. */
const withoutCode = (lines: readonly string[]): string[] => {
  let isCode = false
  return lines.map((line) => {
    const isFence = FENCE.test(line)
    if (isFence) isCode = !isCode
    return isFence || isCode ? '' : line
  })
}

/** Reads the sentences of a page, and the rows of its tables. */
export const pageTextsOf = (page: string): Text[] => {
  const lines = withoutCode(page.split('\n'))
  const sentences = blocksOf(lines).flatMap(sentencesOf)
  const rows = lines.flatMap((text, index): Text[] =>
    TABLE_ROW.test(text) ? [{ kind: 'row', line: index + 1, text }] : [],
  )
  return [...sentences, ...rows].toSorted((a, b) => a.line - b.line)
}
