// Reads Markdown pages: their headings, links and the paths that they name. Enough for the pages of this project.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const readPage = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

export const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !/(^|\/)(dist|node_modules)\//.test(path))
    .map((path) => `${folder}/${path}`)

/** A page without its fenced code. */
export const proseOf = (text: string): string => text.replaceAll(/^```.*?^```$/gms, '')

export const headingsOf = (text: string): string[] =>
  [...proseOf(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => title)

/** The fragment that GitHub gives to a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

/** Targets of the links of a page, external ones left out. */
export const linksOf = (text: string): string[] =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

const TOP = readdirSync(ROOT).filter((name) => !['node_modules', 'data', 'dist'].includes(name))

/** The files and folders of the repository that a text names, by their paths from its root. */
export const pathsIn = (text: string): string[] => {
  const words = text.split(/[\s`'"()|<>[\],;#]+/).map((word) => word.replace(/[.:]+$/, ''))
  const isPath = (word: string): boolean => TOP.some((name) => word.startsWith(`${name}/`))
  return [...new Set(words.filter(isPath))]
}

const NAME = /\b(?:[a-z]+[A-Z]\w*|[A-Z]+_[A-Z_]+)\b/g

/** Names of functions and constants that a page has in backquotes. */
export const namesIn = (text: string): string[] => [
  ...new Set(
    [...proseOf(text).matchAll(/`([^`\n]+)`/g)].flatMap(([, quoted = '']) =>
      /[/ ]/.test(quoted) ? [] : (quoted.match(NAME) ?? []),
    ),
  ),
]
