// Assignments in src/, from the syntax tree: a statement assigns one value, and takes no literal apart.
import { type Node, Visitor, parseSync } from 'oxc-parser'
import { expect, it } from 'vitest'
import { sources } from './support/imports.ts'

/** Lines on which elements of an array literal are assigned to several variables. */
const tuplesOf = (path: string, text: string): number[] => {
  const lines: number[] = []
  const add = (target: Node, value: Node | null): void => {
    if (target.type !== 'ArrayPattern' || value?.type !== 'ArrayExpression') return
    lines.push(text.slice(0, target.start).split('\n').length)
  }
  new Visitor({
    VariableDeclarator: ({ id, init }) => add(id, init),
    AssignmentExpression: ({ left, right }) => add(left, right),
  }).visit(parseSync(path, text).program)
  return lines
}

it('tuples of literals are found in declarations and in assignments', () => {
  const text = 'const [a, b] = [1, 2]\nlet c\n;[c] = [a]\nconst [d] = [b].map(String)\n'
  expect(tuplesOf('a.ts', text)).toEqual([1, 3])
})

it('statements in src assign one value', () => {
  const found = [...sources()].flatMap(([path, text]) =>
    tuplesOf(path, text).map((line) => `${path}:${line}`),
  )
  expect(found).toEqual([])
})
