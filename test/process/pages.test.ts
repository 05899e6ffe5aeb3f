// Shell blocks of README and docs/: those of a page run in their order in one terminal, at a server of the page's own, and
// print what the page shows.
import { spawnSync } from 'node:child_process'
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type Place,
  ROOT,
  newPlace,
  seededPlace,
  startServer,
  until,
  withVariables,
} from '../support/processes.ts'
import { type Block, blocksOf, isShown } from '../support/page-blocks.ts'
import { openTerminal } from '../support/terminals.ts'

const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`)
    .toSorted(),
]

type Rows = readonly [page: string, text: string, reason: string][]

/** Blocks that do not run here. */
const NOT_RUN: Rows = [
  ['README.md', 'npm test', 'runs all tests, this one included'],
  ['docs/deployment.md', 'useradd', 'needs root, and changes the machine'],
  ['docs/deployment.md', 'daemon-reload', 'needs systemd'],
  ['docs/deployment.md', 'setpriv', 'needs root and the user latchkey'],
  ['docs/deployment.md', '/opt/latchkey-0.2.0', 'needs systemd'],
  ['docs/deployment.md', 'npm rebuild', 'needs systemd'],
  ['docs/deployment.md', 'ssh new.example', 'needs systemd and another machine'],
  ['docs/releasing.md', 'npm run release', 'takes a minute: a test of test/packages runs it'],
  ['docs/workers.md', 'wrangler deploy', 'needs an account at Cloudflare'],
  ['docs/workers.md', 'wrangler dev', 'takes 20 s: test/process/worker.test.ts runs the Worker'],
  ['docs/decisions/0004-a-migration-runner-of-our-own.md', 'npm run', 'writes to drizzle/'],
]

/** Blocks before which a page tells the reader to stop the server. */
const STOPPED: Rows = [['docs/backup.md', 'cp copy.db', 'replaces the database']]

const isNamed = (table: Rows, page: string, { commands }: Block): boolean =>
  table.some(([name, text]) => name === page && commands.includes(text))

/** A server in the foreground: the reader opens another terminal. */
const SERVES = /^[^#\n]*\b(?:npm start|latchkey serve)\b/m
const BACKGROUND = /&$/m

type Page = { page: string; place: Place; server: { stop(): Promise<unknown> } | null }

/** Starts the server of a page, unless its blocks start one. */
const open = async (page: string, blocks: readonly Block[]): Promise<Page> => {
  const serves = blocks.some(({ commands }) => SERVES.test(commands))
  const place = serves ? await newPlace() : await seededPlace()
  for (const name of ['examples', 'node_modules']) {
    symlinkSync(join(ROOT, name), join(place.directory, name))
  }
  const [sample, own] = [await newPlace(), await newPlace()]
  // The sample API of README reads ISSUER and PORT.
  const variables = { ISSUER: place.url, PORT: String(sample.port), OWN_PORT: String(own.port) }
  const server = serves ? null : await startServer(place)
  return { page, place: withVariables(place, variables), server }
}

/** Replaces the ports that pages name by those of the test. */
const atPorts = (block: Block, { url, environment }: Place): Block => {
  const replace = (text: string): string =>
    text
      .replaceAll(/http:\/\/(?:localhost|127\.0\.0\.1):8787/g, url)
      .replaceAll(/\b8788\b/g, environment['PORT'] ?? '')
      .replaceAll(/\b8790\b/g, environment['OWN_PORT'] ?? '')
  const shown = block.shown && { ...block.shown, text: replace(block.shown.text) }
  return { ...block, commands: replace(block.commands), shown }
}

const indented = (text: string): string => text.replaceAll(/^/gm, '    ')

const follow = async ({ page, place, server }: Page, blocks: readonly Block[]) => {
  let terminal = openTerminal(place)
  for (const block of blocks) {
    const { commands, program, shown, line } = atPorts(block, place)
    const name = `${page}:${line}`
    if (program !== null) {
      writeFileSync(join(place.directory, program), commands, { mode: 0o755 })
      continue
    }
    if (SERVES.test(commands)) {
      terminal.occupy(commands)
      await until(`the server of ${name}`, () => terminal.printed().includes('"listening"'))
      expect(terminal.printed(), name).toContain(shown?.text ?? '')
      terminal = openTerminal(place)
      continue
    }
    if (isNamed(STOPPED, page, block)) await server?.stop()
    const { failed, stderr, stdout } = await terminal.run(commands)
    expect({ failed, stderr }, `${name}\n${stdout}`).toEqual({ failed: false, stderr: '' })
    if (shown === null) continue
    const hasShown = () => isShown(shown, terminal.printed())
    if (BACKGROUND.test(commands)) await until(`the output of ${name}`, hasShown)
    if (!hasShown()) {
      expect.fail(`${name} shows\n${indented(shown.text)}\nand prints\n${indented(stdout)}`)
    }
  }
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

describe.skipIf(!hasCurl)('shell blocks (with curl)', () => {
  it.each(PAGES)('run in their order and print what is shown: %s', async (page) => {
    const all = blocksOf(join(ROOT, page))
    const blocks = all.filter((block) => !isNamed(NOT_RUN, page, block))
    if (blocks.length > 0) await follow(await open(page, blocks), blocks)
  })
})

it.each([...NOT_RUN, ...STOPPED])('%s has one block with "%s", which %s', (page, text) => {
  const blocks = blocksOf(join(ROOT, page))
  expect(blocks.filter(({ commands }) => commands.includes(text))).toHaveLength(1)
})

it('shown output is compared: placeholders fit one line, and nothing else differs', () => {
  const shown = { language: 'text', text: 'id    lkc_…\n…\nlast  1\n' }
  expect(isShown(shown, 'id lkc_ab\nlast 1\n')).toBe(true)
  expect(isShown(shown, 'id  lkc_ab\nx\ny\nlast   1')).toBe(true)
  for (const other of [
    'id lkc_ab\nlast 2',
    'id lkc_ab\n',
    'id lkc_\nlast 1',
    'id lkc_a\nlast 1\nx',
  ]) {
    expect(isShown(shown, other), other).toBe(false)
  }
  const json = { language: 'json', text: '{ "id": "lkc_…", "at": "…", "n": [1] }' }
  expect(isShown(json, '{"id":"lkc_a","at":17,"n":[1]}')).toBe(true)
  for (const other of ['{"id":"x","at":1,"n":[1]}', '{"id":"lkc_a","at":1,"n":[1],"m":1}', 'x']) {
    expect(isShown(json, other), other).toBe(false)
  }
})
