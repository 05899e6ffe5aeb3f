// Reads the commands of a Markdown page, each block with the output that the page shows below it, and its programs.
import { readFileSync } from 'node:fs'

/** Output that a page shows: `…` stands for an id, a secret, a number or a time, a line `…` for any lines. */
export type Shown = { language: string; text: string }
/** Commands, or a program that the reader saves under the name `program`. */
export type Block = { line: number; commands: string; program: string | null; shown: Shown | null }

const BLOCK = /^```(sh|js|python|go)\n(.*?)^```$(?:\n\n^```(text|json)\n(.*?)^```$)?/gms
/** Name in the first line of a program, or in its usage. */
const NAMES = [/^(?:\/\/|#) (\S+\.\w+)\n/, /^#!.*?usage:.*?\.\/(\S+)/s]

const nameIn = (text: string): string | null =>
  NAMES.map((name) => name.exec(text)?.[1]).find((name) => name !== undefined) ?? null

/** Commands of a page and its programs with a name, in their order. */
export const blocksOf = (path: string): Block[] => {
  const page = readFileSync(path, 'utf8')
  return [...page.matchAll(BLOCK)].flatMap(
    ({ index, 1: language, 2: commands = '', 3: shownAs, 4: text }) => {
      const program = nameIn(commands)
      if (language !== 'sh' && program === null) return []
      const line = page.slice(0, index).split('\n').length
      const shown = shownAs === undefined || text === undefined ? null : { language: shownAs, text }
      return [{ line, commands, program, shown }]
    },
  )
}

/** Columns of a table are as wide as their ids, so one space stands for several. */
const narrow = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trimEnd().replaceAll(/ +/g, ' '))
    .join('\n')
    .trimEnd()

const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)

const textPattern = (text: string): RegExp => {
  const lines = narrow(text)
    .split('\n')
    .map((line) => (line === '…' ? '(?:.*\n)*?' : `${escape(line)}\n`))
  return new RegExp(`^${lines.join('').replaceAll('…', '.+')}$`)
}

/** Tells whether a value of JSON is the shown one. A text with `…` also stands for numbers. */
const isJson = (shown: unknown, printed: unknown): boolean => {
  if (typeof shown === 'string') return textPattern(shown).test(`${narrow(String(printed))}\n`)
  if (typeof shown !== 'object' || shown === null) return shown === printed
  if (typeof printed !== 'object' || printed === null) return false
  if (Array.isArray(shown) !== Array.isArray(printed)) return false
  const names = Object.keys(shown)
  return (
    names.join('\n') === Object.keys(printed).join('\n') &&
    names.every((name) =>
      isJson((shown as Record<string, unknown>)[name], (printed as Record<string, unknown>)[name]),
    )
  )
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Tells whether commands printed what a page shows. */
export const isShown = ({ language, text }: Shown, printed: string): boolean =>
  language === 'json'
    ? isJson(parsed(text), parsed(printed))
    : textPattern(text).test(`${narrow(printed)}\n`)
