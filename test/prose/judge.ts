// Faults of texts by the language rules, and their share. Pure: no I/O.
import { beginsWithOpener, sentenceBeginsWithOpener, vagueTerm } from './openers.ts'
import { pageTextsOf } from './pages.ts'
import { type Text, messagesOf, textsOf } from './texts.ts'

/** Percent of comments and titles, and of sentences, that may begin with an opener. */
export const LIMIT = 2

export type Placed = Text & { path: string }

/** Strings of tests are data, and may have any word. */
const hasMessages = (path: string): boolean => !/^(?:\.\/)?test\//.test(path)

/** Reads the texts of a file: of a page its sentences, of a program its comments, titles and messages. */
export const textsOfFile = (path: string, content: string): Placed[] => {
  const texts = path.endsWith('.md')
    ? pageTextsOf(content)
    : [...textsOf(path, content), ...(hasMessages(path) ? messagesOf(path, content) : [])]
  return texts.map((text) => ({ ...text, path }))
}

const isOpened = ({ kind, text }: Text): boolean => {
  if (kind === 'sentence') return sentenceBeginsWithOpener(text)
  return (kind === 'comment' || kind === 'title') && beginsWithOpener(text)
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''

/** The share of one group of texts, as a line for a person. */
const shareOf = (name: string, texts: readonly Placed[]) => {
  const opened = texts.filter(isOpened).length
  const percent = texts.length === 0 ? 0 : (100 * opened) / texts.length
  const line = `${opened} of ${texts.length} ${name} begin without a noun or a verb (${percent.toFixed(2)} %, limit ${LIMIT} %)`
  return { line, isOver: percent >= LIMIT }
}

/** Judges texts: the line of each fault, the line of each group, and whether they pass. */
export const judge = (texts: readonly Placed[]) => {
  const faults = texts.flatMap((text) => {
    const at = `${text.path}:${text.line}: ${text.kind}`
    const term = vagueTerm(text.text)
    return [
      ...(isOpened(text) ? [`${at} begins without a noun or a verb: ${firstLine(text.text)}`] : []),
      ...(term === null ? [] : [`${at} contains "${term}": ${firstLine(text.text)}`]),
    ]
  })
  const vague = texts.filter(({ text }) => vagueTerm(text) !== null).length
  const shares = [
    shareOf(
      'comments and titles',
      texts.filter(({ kind }) => kind === 'comment' || kind === 'title'),
    ),
    shareOf(
      'sentences of pages',
      texts.filter(({ kind }) => kind === 'sentence'),
    ),
  ]
  return {
    faults,
    summary: [
      ...shares.map(({ line }) => line),
      `${vague} of ${texts.length} texts have a vague term (limit 0)`,
    ],
    passes: texts.length > 0 && vague === 0 && shares.every(({ isOver }) => !isOver),
  }
}
