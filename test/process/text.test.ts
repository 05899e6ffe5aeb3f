// Hidden characters on the command line: no flag accepts one, and rows of earlier versions are
// printed escaped.
import BetterSqlite3 from 'better-sqlite3'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { databasePath } from '../support/database.ts'
import { HIDDEN_KINDS, HIDDEN_POINTS, expectNothingHidden, named } from '../support/hidden-text.ts'
import { type Place, createCli, latchkey, seededPlace } from '../support/processes.ts'

let place: Place
let client: string
beforeAll(async () => {
  place = await seededPlace()
  const cli = createCli(place)
  await cli.json('plugin create p1')
  await cli.json('workspace create w1')
  client = String((await cli.json('client create --name a --grant hook=hook:track'))['client_id'])
  await cli.json('enrollment create --name e')
})

/** `TEXT` is the placeholder of the hidden text. */
const FLAGS = [
  'workspace create w2 --name TEXT',
  'workspace update w1 --name TEXT',
  'plugin create p2 --name TEXT',
  'plugin update p1 --name TEXT',
  'client create --name TEXT',
  'client update CLIENT --name TEXT',
  'secret add CLIENT --name TEXT',
  'enrollment create --name TEXT',
  'workspace create TEXT',
  'plugin create p3 --snapshot TEXT',
  'plugin create p3 --capability TEXT',
  'client create --name a --grant hook=TEXT',
  'client create --name a --details FILE',
  'client show TEXT',
  'client TEXT',
  'client create --TEXT',
  'client create --name a --quota TEXT',
  'client create --name a --details TEXT',
]

it.each(FLAGS.map((line, i) => [line, HIDDEN_KINDS[i % HIDDEN_KINDS.length] ?? 0] as const))(
  'command %s refuses the code point %i and prints nothing hidden',
  async (line, point) => {
    const text = `a${String.fromCodePoint(point)}b`
    const file = join(place.directory, 'details.json')
    const entry = {
      type: 'tool_run',
      identifier: text,
      project_id: 'p',
      locations: '*',
      actions: '*',
    }
    writeFileSync(file, JSON.stringify([entry]))
    const words = line
      .split(' ')
      .map((word) => word.replace('TEXT', text).replace('CLIENT', client).replace('FILE', file))
    const { code, stdout, stderr } = await latchkey(place, words)
    expect(code, stderr).not.toBe(0)
    expect(stdout).toBe('')
    expectNothingHidden(stderr)
    if (/--name TEXT|FILE/.test(line)) expect(stderr).toContain(`(${named(point)})`)
  },
)

it.each([
  'client create --name TEXT',
  'client update CLIENT --name TEXT',
  'plugin update p1 --name TEXT',
  'workspace update w1 --name TEXT',
  'enrollment create --name TEXT',
])('command %s accepts joined emoji', async (line) => {
  const name = '👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈'
  const words = line.split(' ').map((word) => word.replace('TEXT', name).replace('CLIENT', client))
  const { code, stdout, stderr } = await latchkey(place, [...words, '--json'])
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ name })
})

const OLD = HIDDEN_POINTS.filter((point) => point !== 0)
  .map((point) => `x${String.fromCodePoint(point)}`)
  .join('')

const LISTS = [
  'client list',
  'client show CLIENT',
  'plugin list',
  'plugin show p1',
  'workspace list',
  'workspace show w1',
  'secret list CLIENT',
  'enrollment list',
  'audit list',
]

it('tables, views, JSON and export escape rows of earlier versions', async () => {
  const database = new BetterSqlite3(databasePath(place), { fileMustExist: true })
  for (const table of ['clients', 'plugins', 'workspaces', 'client_secrets', 'enrollments']) {
    database.prepare(`update ${table} set name = ?`).run(OLD)
  }
  database.prepare('update audit_events set actor = ?, target = ?').run(OLD, OLD)
  database.close()
  for (const line of LISTS) {
    const words = line.replace('CLIENT', client).split(' ')
    const people = await latchkey(place, words)
    expectNothingHidden(people.stdout + people.stderr)
    expect(people.stdout, line).toContain('\\u{202e}')
    const { stdout } = await latchkey(place, [...words, '--json'])
    expectNothingHidden(stdout)
    expect(JSON.stringify(JSON.parse(stdout)), line).toContain(JSON.stringify(OLD))
  }
  const { stdout } = await latchkey(place, ['audit', 'export'])
  expectNothingHidden(stdout)
  expect(stdout).toContain('\\u202e')
})
