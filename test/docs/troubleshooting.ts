// Reads the sections and entries of docs/troubleshooting.md.
import { readPage } from './support.ts'

export const page = readPage('docs/troubleshooting.md')

export const sectionOf = (title: string): string => {
  const [, body = ''] = page.split(`\n## ${title}\n`)
  return body.split('\n## ')[0] ?? ''
}

export type Entry = { code: string; text: string }

/** Entries of a text: a heading with the code, and the text below it. */
export const entriesIn = (text: string): Entry[] =>
  text
    .split(/^#### /m)
    .slice(1)
    .map((entry) => ({ code: /^`([a-z_]+)`\n/.exec(entry)?.[1] ?? '', text: entry }))

/** The text of an entry's line `Reason`: the place where the reason is. */
export const placeOf = ({ text }: Entry): string =>
  /^- Reason: ([^]+?)\n- /m.exec(text)?.[1]?.replaceAll(/\s+/g, ' ') ?? ''
