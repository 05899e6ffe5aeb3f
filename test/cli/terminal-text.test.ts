// Texts that commands write: each is escaped where it is written, in every position.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Node, Visitor, parseSync } from 'oxc-parser'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { print, printCredentials, printTable, printWithNotes } from '../../src/cli/output.ts'
import { runEntryPoint } from '../../src/node/entry-point.ts'
import { shellPath, shellWord } from '../../src/text/shell.ts'
import { atEndOfFile } from '../support/cleanups.ts'
import { expectNothingHidden } from '../support/hidden-text.ts'
import { sources } from '../support/imports.ts'

/** Functions whose result can be written, each with its reason. */
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['escapeText', 'escapes'],
  ['escapeLines', 'escapes each line'],
  ['toJson', 'escapes JSON'],
  ['toText', 'escapes names and values; below'],
  ['tableText', 'escapes each cell; below'],
  ['leftOutText', 'has numbers only'],
  ['noteText', 'escapes each line of a note; below'],
  ['shellWord', 'escapes and quotes; below'],
  ['progressText', 'has numbers only'],
])

/** Constants that can be written. */
const CONSTANTS: readonly string[] = ['ERASE']

/** True for an expression that consists of literals and of results of such functions. */
const isEscaped = (node: Node): boolean => {
  switch (node.type) {
    case 'Literal':
      return true
    case 'Identifier':
      return CONSTANTS.includes(node.name)
    case 'TemplateLiteral':
      return node.expressions.every(isEscaped)
    case 'BinaryExpression':
      return isEscaped(node.left) && isEscaped(node.right)
    case 'ConditionalExpression':
      return isEscaped(node.consequent) && isEscaped(node.alternate)
    case 'CallExpression': {
      const { callee } = node
      if (callee.type === 'Identifier') return ESCAPED.has(callee.name)
      const isLayout = callee.type === 'MemberExpression' && isEscaped(callee.object)
      return isLayout && node.arguments.every(isEscaped)
    }
    default:
      return false
  }
}

const WRITER = /^(?:process\.std(?:out|err)|output|console)\.\w+$/
const NOT_WRITING = /\.(?:on|off|once)$/

/** Constants of the file whose value is escaped: `const found = escapeText(…)`. */
const escapedNames = (text: string): Set<string> =>
  new Set(
    Array.from(text.matchAll(/const (\w+) = escape(?:Text|Lines)\(/g), ([, name]) => name ?? ''),
  )

/** Lines that write an expression that is not escaped. */
const rawWrites = (path: string, text: string): string[] => {
  const found: string[] = []
  const names = escapedNames(text)
  const isFine = (node: Node): boolean =>
    node.type === 'TemplateLiteral'
      ? node.expressions.every((one) => isFine(one))
      : isEscaped(node) || (node.type === 'Identifier' && names.has(node.name))
  new Visitor({
    CallExpression: ({ callee, arguments: [first] }) => {
      const called = text.slice(callee.start, callee.end)
      if (!WRITER.test(called) || NOT_WRITING.test(called)) return
      if (first !== undefined && isFine(first)) return
      found.push(`${path}:${text.slice(0, callee.start).split('\n').length}`)
    },
  }).visit(parseSync(path, text).program)
  return found
}

describe('a write to the terminal', () => {
  it.each([
    ['process.stdout.write(`${text}\\n`)', false],
    ["process.stderr.write('latchkey: ' + error.message)", false],
    ['console.log(row)', false],
    ["process.stdout.write([toText(rows), ...notes].join('\\n'))", false],
    ['process.stdout.write(`${escapeText(text)}\\n`)', true],
    ["process.stdout.write('\\n')", true],
    ["process.stdout.on('error', fail)", true],
  ])('is found if it is raw: %s', (text, isFine) => {
    expect(rawWrites('a.ts', text)).toEqual(isFine ? [] : ['a.ts:1'])
  })

  it('has escaped texts only, in every file of the server and of its commands', () => {
    const own = [...sources()].filter(([path]) => !path.startsWith('verifier/'))
    const writing = own.filter(([, text]) => /process\.std(?:out|err)\.write/.test(text))
    expect(writing.length).toBeGreaterThan(8)
    expect(own.flatMap(([path, text]) => rawWrites(path, text))).toEqual([])
  })
})

const HOSTILE = 'x \u001b]0;pwned\u0007\u001b[2K\r ok; touch PWNED #\n\u202e'

/** Everything that a function writes to standard output. */
const written = (write: () => void): string => {
  const texts: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    texts.push(String(text))
    return true
  })
  try {
    write()
  } finally {
    spy.mockRestore()
  }
  return texts.join('')
}

describe('printed texts', () => {
  afterEach(() => vi.restoreAllMocks())

  const PRINTED: readonly (readonly [what: string, write: () => void, lines: number])[] = [
    ['a note', () => printWithNotes([{ a: 1 }], [['What to do:', HOSTILE]]), 5],
    ['a value', () => print({ name: HOSTILE }, {}), 1],
    ['the name of a member', () => print({ [HOSTILE]: 1 }, {}), 1],
    ['the name of a member in JSON', () => print({ [HOSTILE]: HOSTILE }, { json: true }), 3],
    ['a cell', () => printTable([{ name: HOSTILE }], ['name'], {}), 2],
    ['the head of a column', () => printWithNotes([{ [HOSTILE]: 1 }], []), 2],
    [
      'credentials of a remote server',
      () => printCredentials({ client_id: HOSTILE, client_secret: HOSTILE }),
      2,
    ],
  ]
  it.each(PRINTED)('have nothing hidden in %s', (_, write, lines) => {
    const text = written(write)
    expectNothingHidden(text)
    expect(text.split('\n').length - 1).toBe(lines)
  })

  it('have nothing hidden in an unforeseen error and its cause', async () => {
    const error = new Error(HOSTILE, { cause: new Error(HOSTILE) })
    const thrown = await runEntryPoint(async () => {
      throw error
    }).catch((reason: unknown) => reason)
    expect(thrown).toBe(error)
    const cause = error.cause as Error
    for (const { stack, message } of [error, cause]) expectNothingHidden(`${stack}${message}`)
  })
})

describe('a word of a shell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-shell-'))
  atEndOfFile(() => rmSync(folder, { recursive: true, force: true }))
  const WORDS = [
    '/srv/latchkey/data/latchkey.db',
    "it's; touch PWNED #",
    '$(touch PWNED)',
    '`touch PWNED`',
    '~root',
    '*',
    '',
    'a"b\\',
  ]

  it('is read as one word', () => {
    const script = `printf '%s|' ${WORDS.map(shellWord).join(' ')}; ls`
    const printed = execFileSync('/bin/sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
    expect(printed).toBe(WORDS.map((word) => `${word}|`).join(''))
  })

  it('has nothing hidden, and is plain where nothing needs quotes', () => {
    expectNothingHidden(shellWord(HOSTILE))
    expect(shellWord('/srv/latchkey.db')).toBe('/srv/latchkey.db')
    expect(shellPath('-rf')).toBe('./-rf')
  })
})
