// Length of the functions in src/, from the syntax tree: none has more than 80 lines.
import { type Node, parseSync } from 'oxc-parser'
import { expect, it } from 'vitest'
import { sources } from './support/imports.ts'

const MAX_LINES = 80

type Measured = { name: string; line: number; lines: number }

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value

const childrenOf = (node: Node): Node[] => Object.values(node).flat().filter(isNode)

/** The name that a function has, or the name of the variable or member that holds it. */
const nameOf = (node: Node, parent: Node | null): string => {
  for (const holder of [node, parent]) {
    const { id, key } = (holder ?? {}) as { id?: unknown; key?: unknown }
    for (const named of [id, key]) {
      if (isNode(named) && 'name' in named) return String(named.name)
    }
  }
  return '(anonymous)'
}

const functionsOf = (path: string, text: string): Measured[] => {
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const found: Measured[] = []
  const visit = (node: Node, parent: Node | null): void => {
    if (FUNCTIONS.has(node.type)) {
      const line = lineAt(node.start)
      found.push({ name: nameOf(node, parent), line, lines: lineAt(node.end) - line + 1 })
    }
    for (const child of childrenOf(node)) visit(child, node)
  }
  visit(parseSync(path, text).program, null)
  return found
}

it('each kind of function is measured', () => {
  const text = [
    'export const arrow = () => 1',
    'export function declared() {',
    '  return 2',
    '}',
    'const object = {',
    '  async method() {',
    '    await null',
    '  },',
    '  member: async function* () {',
    '  },',
    '}',
    'class Known { get it() { return 3 } }',
    'list.map((item) =>',
    '  item)',
  ].join('\n')
  expect(functionsOf('example.ts', text)).toEqual([
    { name: 'arrow', line: 1, lines: 1 },
    { name: 'declared', line: 2, lines: 3 },
    { name: 'method', line: 6, lines: 3 },
    { name: 'member', line: 9, lines: 2 },
    { name: 'it', line: 12, lines: 1 },
    { name: '(anonymous)', line: 13, lines: 2 },
  ])
})

it(`no function in src/ has more than ${MAX_LINES} lines`, () => {
  const all = [...sources()].flatMap(([path, text]) =>
    functionsOf(path, text).map((measured) => ({ path, ...measured })),
  )
  expect(all.length).toBeGreaterThan(2_000)
  const long = all
    .filter(({ lines }) => lines > MAX_LINES)
    .toSorted((a, b) => b.lines - a.lines)
    .map(({ path, name, line, lines }) => `src/${path}:${line} ${name} has ${lines} lines`)
  expect(long).toEqual([])
})
