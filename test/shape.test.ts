// The shape of the source: short functions, one assignment in a statement.
import { type Node, type Span, Visitor, parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { sources } from './support/imports.ts'

/** Lines of the longest function. */
const MAX_FUNCTION_LINES = 80

type Finding = { line: number; lines: number }

const findingsOf = (path: string, text: string) => {
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const spanOf = ({ start, end }: Span): Finding => {
    const line = lineAt(start)
    return { line, lines: lineAt(end) - line + 1 }
  }
  const functions: Finding[] = []
  const tuples: Finding[] = []
  const addFunction = (node: Span): void => void functions.push(spanOf(node))
  const addTuple = (node: Span, target: Node, value: Node | null): void => {
    if (target.type !== 'ArrayPattern' || value?.type !== 'ArrayExpression') return
    tuples.push(spanOf(node))
  }
  new Visitor({
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: addFunction,
    VariableDeclarator: (node) => addTuple(node, node.id, node.init),
    AssignmentExpression: (node) => addTuple(node, node.left, node.right),
  }).visit(parseSync(path, text).program)
  return { functions, tuples }
}

const LONG = `export const long = () => {\n${'  step()\n'.repeat(79)}}\n`

describe('the source', () => {
  it('has the shape of a function and of an assignment found by the parser', () => {
    expect(findingsOf('a.ts', LONG).functions).toEqual([{ line: 1, lines: 81 }])
    const text = 'const [a, b] = [1, 2]\nlet c\n;[c] = [a]\nconst [d] = [b].map(String)\n'
    expect(findingsOf('a.ts', text).tuples.map(({ line }) => line)).toEqual([1, 3])
  })

  const findings = [...sources()].map(([path, text]) => ({ path, ...findingsOf(path, text) }))

  it(`has no function of more than ${MAX_FUNCTION_LINES} lines`, () => {
    const long = findings.flatMap(({ path, functions }) =>
      functions
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ line, lines }) => `${path}:${line} has ${lines} lines`),
    )
    expect(long).toEqual([])
  })

  it('assigns one value in a statement, and does not take a literal apart', () => {
    const found = findings.flatMap(({ path, tuples }) =>
      tuples.map(({ line }) => `${path}:${line}`),
    )
    expect(found).toEqual([])
  })
})
