// Pages for people who change the code: each file that they name, and each target of a link, exists.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  ROOT,
  anchorOf,
  filesBelow,
  headingsOf,
  linksOf,
  namesIn,
  pathsIn,
  readPage,
} from './support.ts'

const exists = (path: string): boolean => existsSync(join(ROOT, path))

/** Pages that point at places in the code. */
const GUIDES = ['docs/architecture.md', 'docs/design.md', ...filesBelow('docs/decisions', '.md')]

/** Names of packages that a page compares with. */
const OF_PACKAGES = new Set(['pgTable'])

/** Files that the server makes while it runs. */
const MADE = new Set(['keys/kek', 'keys/admin.json'])

describe('path in a page', () => {
  it('is recognized in prose, in a table and in code', () => {
    const text = "See `src/app.ts`, (test/store/). | docs/a.md | import '../deps.ts' and admin/x"
    expect(pathsIn(text)).toEqual(['src/app.ts', 'test/store/', 'docs/a.md'])
  })

  it.each(GUIDES)('leads to a file that exists: %s', (page) => {
    const named = pathsIn(readPage(page)).filter((path) => !MADE.has(path))
    expect(named.filter((path) => !exists(path))).toEqual([])
  })

  it('is found in the pages', () => {
    expect(GUIDES.flatMap((page) => pathsIn(readPage(page))).length).toBeGreaterThan(100)
  })
})

describe('name of the code in a page', () => {
  const code = ['src', 'test', 'drizzle'].flatMap((folder) => filesBelow(folder, '.ts'))
  const words = new Set(code.flatMap((path) => readPage(path).match(/\w+/g) ?? []))
  const missing = (page: string) =>
    namesIn(readPage(page)).filter((name) => !words.has(name) && !OF_PACKAGES.has(name))

  it('is recognized in backquotes alone', () => {
    const text =
      'See `findClient`, `MAX_WAITERS` and `store.closeRun(run)`; not createThing or `client`.'
    expect(namesIn(text)).toEqual(['findClient', 'MAX_WAITERS', 'closeRun'])
  })

  it.each(GUIDES)('exists in the code: %s', (page) => {
    expect(missing(page)).toEqual([])
  })
})

describe('docs/architecture.md', () => {
  const folders = (below: string): string[] =>
    readdirSync(join(ROOT, below), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['dist', 'node_modules'].includes(entry.name))
      .map(({ name }) => `${below}/${name}/`)

  it('has every room of the source and of the verifier', () => {
    const named = pathsIn(readPage('docs/architecture.md'))
    const rooms = [...folders('src'), ...folders('src/verifier')]
    expect(rooms.length).toBeGreaterThan(15)
    expect(rooms.filter((room) => !named.includes(room))).toEqual([])
  })
})

const PAGES = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'src/verifier/README.md',
  ...filesBelow('docs', '.md'),
]

/** Null where the link leads somewhere. */
const brokenLink = (page: string, link: string): string | null => {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : normalize(join(dirname(page), file))
  if (!exists(target)) return `${link}: no file`
  if (anchor === undefined || !target.endsWith('.md')) return null
  const anchors = headingsOf(readPage(target)).map(anchorOf)
  return anchors.includes(anchor) ? null : `${link}: no heading`
}

describe('link of a page', () => {
  it.each(PAGES)('leads to a file and a heading that exist: %s', (page) => {
    const links = linksOf(readPage(page))
    expect(links.map((link) => brokenLink(page, link)).filter((why) => why !== null)).toEqual([])
  })

  it('is found in the pages', () => {
    expect(PAGES.flatMap((page) => linksOf(readPage(page))).length).toBeGreaterThan(50)
  })
})
