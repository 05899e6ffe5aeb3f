// The worked examples of CONTRIBUTING.md: files that a reader creates and changes to files that exist.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT, readPage } from './support.ts'

export type Block = { kind: 'ts' | 'diff'; path: string; lines: readonly string[] }

/** Blocks whose first line is a comment with a path. */
export const blocksOf = (page: string): Block[] =>
  [...readPage(page).matchAll(/^```(ts|diff)\n\/\/ (\S+)\n(.*?)^```$/gms)].map(
    ([, kind = '', path = '', text = '']) => ({
      kind: kind as Block['kind'],
      path,
      lines: text.trimEnd().split('\n'),
    }),
  )

const ELLIPSIS = '…'

/** Changes of one block, which lines with an ellipsis divide. */
const hunksOf = (lines: readonly string[]): string[][] => {
  const hunks: string[][] = [[]]
  for (const line of lines) {
    if (line.trim() === ELLIPSIS) hunks.push([])
    else hunks.at(-1)?.push(line)
  }
  return hunks
}

/** @throws where the lines before the change are not in the text exactly once */
const change = (text: string, { path, lines }: Block): string =>
  hunksOf(lines).reduce((before, hunk) => {
    const without = (sign: string) =>
      `${hunk
        .filter((line) => !line.startsWith(sign))
        .map((line) => line.slice(1))
        .join('\n')}\n`
    const parts = before.split(without('+'))
    if (parts.length !== 2) throw new Error(`${path}: ${parts.length - 1} times: ${hunk[0]}`)
    return parts.join(without('-'))
  }, text)

const COPIED = [
  'src',
  'test',
  'drizzle',
  'scripts',
  'docs',
  'README.md',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
]

/** Copies the project to a folder and follows the examples there. The packages stay where they are. */
export const followExamples = (
  blocks: readonly Block[],
): { folder: string; remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-examples-'))
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const block of blocks) {
    const path = join(folder, block.path)
    mkdirSync(dirname(path), { recursive: true })
    const text =
      block.kind === 'ts'
        ? `${block.lines.join('\n')}\n`
        : change(readFileSync(path, 'utf8'), block)
    writeFileSync(path, text)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
