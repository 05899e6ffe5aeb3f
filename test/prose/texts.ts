// Comments, test titles and messages of a source text. Pure: no I/O.
import { type Comment, type Node, Visitor, parseSync } from 'oxc-parser'

/** A message is a string of a program; sentence and table row belong to a page. */
export type Kind = 'comment' | 'title' | 'message' | 'sentence' | 'row'
export type Text = { kind: Kind; line: number; text: string }

/** Instructions to programs, not words to people. */
const DIRECTIVE = /^\s*(?:@ts-|eslint|oxlint|prettier-|c8 |v8 |shellcheck|!|\/)/

/** Functions of the test runner whose first argument is a title. */
const TITLED = new Set(['it', 'test', 'describe'])

const lineStarts = (source: string): number[] => {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1))
    starts.push(at + 1)
  return starts
}

const withoutStars = ({ type, value }: Comment): string =>
  type === 'Line' ? value : value.replace(/^\*/, '').replace(/\n\s*\*/g, '\n')

/** Joins `//` lines below each other: they are one comment. */
const joined = (comments: readonly Comment[], source: string, lineOf: (at: number) => number) => {
  const texts: (Text & { end: number })[] = []
  for (const comment of comments) {
    const before = texts.at(-1)
    const alone =
      source.slice(source.lastIndexOf('\n', comment.start) + 1, comment.start).trim() === ''
    const between = before && source.slice(before.end, comment.start)
    if (before && comment.type === 'Line' && alone && /^\n[ \t]*$/.test(between ?? '')) {
      before.text += `\n${comment.value}`
      before.end = comment.end
    } else {
      const text = withoutStars(comment)
      texts.push({ kind: 'comment', line: lineOf(comment.start), text, end: comment.end })
    }
  }
  return texts
}

/** The name that a call begins with: `it` of `it.each(cases)('…')`. */
const calledName = (node: Node): string | null => {
  if (node.type === 'Identifier') return node.name
  if (node.type === 'MemberExpression') return calledName(node.object)
  if (node.type === 'CallExpression') return calledName(node.callee)
  if (node.type === 'TaggedTemplateExpression') return calledName(node.tag)
  return null
}

/** A placeholder at the start counts as a noun. */
const titleOf = (node: Node | undefined): string | null => {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.raw).join('…')
  return null
}

const parsed = (path: string, source: string) => {
  const { comments, program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const starts = lineStarts(source)
  const lineOf = (at: number): number => starts.findLastIndex((start) => start <= at) + 1
  return { comments, program, lineOf }
}

/** Reads strings with a space, which may be descriptions, help or log lines. @throws where the text cannot be parsed */
export const messagesOf = (path: string, source: string): Text[] => {
  const { program, lineOf } = parsed(path, source)
  const messages: Text[] = []
  const add = (start: number, text: string): void => {
    if (text.trim().includes(' ')) messages.push({ kind: 'message', line: lineOf(start), text })
  }
  new Visitor({
    Literal: ({ start, value }) => typeof value === 'string' && add(start, value),
    TemplateElement: ({ start, value }) => add(start, value.raw),
  }).visit(program)
  return messages
}

/** Reads comments and titles in the order of the text. @throws where the text cannot be parsed */
export const textsOf = (path: string, source: string): Text[] => {
  const { comments, program, lineOf } = parsed(path, source)
  const titles: Text[] = []
  new Visitor({
    CallExpression(node) {
      const title = titleOf(node.arguments[0])
      if (title === null || !TITLED.has(calledName(node.callee) ?? '')) return
      titles.push({ kind: 'title', line: lineOf(node.start), text: title })
    },
  }).visit(program)
  const written = joined(comments, source, lineOf)
    .filter(({ text }) => !DIRECTIVE.test(text) && /[A-Za-z]/.test(text))
    .map(({ kind, line, text }): Text => ({ kind, line, text }))
  return [...written, ...titles].toSorted((a, b) => a.line - b.line)
}
