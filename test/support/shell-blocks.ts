// Reads the shell blocks of a Markdown page, each with the output that the page shows below it.
import { readFileSync } from 'node:fs'

/** Output that a page shows: `…` stands for an id, a secret, a number or a time, a line `…` for any lines. */
export type Shown = { language: string; text: string }
export type ShellBlock = { line: number; commands: string; shown: Shown | null }

const BLOCK = /^```sh\n(.*?)^```$(?:\n\n^```(text|json)\n(.*?)^```$)?/gms

export const shellBlocksOf = (path: string): ShellBlock[] => {
  const page = readFileSync(path, 'utf8')
  return [...page.matchAll(BLOCK)].map(({ index, 1: commands = '', 2: language, 3: text }) => ({
    line: page.slice(0, index).split('\n').length,
    commands,
    shown: language === undefined || text === undefined ? null : { language, text },
  }))
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
