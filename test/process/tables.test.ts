// Tables of the lists: their width, times and colours on a terminal and elsewhere, and the selection of rows.
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { databasePath } from '../support/database.ts'
import { type Place, createCli, seededPlace, startShell } from '../support/processes.ts'

const DAY_SECONDS = 24 * 60 * 60
const LONG_NAME = 'nightly synchronisation of the warehouse 東京, and more'
const PLUGINS = ['plugin-of-the-first-vendor', 'plugin-of-the-second-vendor', 'plugin-three']

let place: Place
let cli: ReturnType<typeof createCli>
const ids: string[] = []

/** Clients by the name that a case uses: `a` was used three days ago, `b` is disabled, `c` has a long name. */
beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
  const plugins = PLUGINS.flatMap((id) => ['--plugin', id])
  for (const args of [['a'], ['b', '--quota', '9/min'], [LONG_NAME, ...plugins]]) {
    const created = await cli.json('client create --create-plugin --name', ...args)
    ids.push(String(created['client_id']))
  }
  await cli.json(`client disable ${ids[1]}`)
  const database = new BetterSqlite3(databasePath(place))
  const at = Math.floor(Date.now() / 1000) - 3 * DAY_SECONDS - 60
  const used = database.prepare('update client_secrets set last_used_at = ? where client_id = ?')
  used.run(at, ids[0])
  database.close()
})

/** Runs a command on a terminal with this number of columns. */
const onTerminal = async (
  columns: number,
  command: string,
  environment: Record<string, string> = {},
): Promise<string> => {
  const line = `script -qec 'stty cols ${columns}; "$NODE" "$CLI" ${command}' /dev/null`
  const where = { ...place, environment: { ...place.environment, ...environment } }
  const { child, ended } = startShell(where, line)
  child.stdin.end()
  const { code, stdout } = await ended
  expect(code).toBe(0)
  return stdout.replaceAll('\r\n', '\n').trimEnd()
}

const ESCAPE = '\u001b'
const NO_COLOUR = { NO_COLOR: '1' }

/** Columns that a text occupies: the two characters of the long name occupy two each. */
const widthOf = (line: string): number => line.length + line.split(/[東京]/).length - 1

const headOf = (text: string): string[] => (text.split('\n')[0] ?? '').split(/ +/)

/** `script` of util-linux makes a terminal; that of other systems has other options. */
describe.skipIf(process.platform !== 'linux')('a terminal', () => {
  const WIDTHS: [columns: number, names: string, note: string | null][] = [
    [40, 'CLIENT_ID NAME', '5 more columns: --wide'],
    [60, 'CLIENT_ID NAME STATUS', '4 more columns: --wide'],
    [80, 'CLIENT_ID NAME STATUS LAST_USED_AT WORKSPACE_ID', '2 more columns: --wide'],
    [100, 'CLIENT_ID NAME STATUS LAST_USED_AT WORKSPACE_ID PLUGINS', '1 more column: --wide'],
    [240, 'CLIENT_ID NAME STATUS LAST_USED_AT WORKSPACE_ID PLUGINS CREATED_AT', null],
  ]

  it.each(WIDTHS)('client list fits %i columns, with whole ids', async (columns, names, note) => {
    const text = await onTerminal(columns, 'client list', NO_COLOUR)
    expect(headOf(text)).toEqual(names.split(' '))
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns)
    for (const id of ids) expect(text).toContain(id)
    for (const [plugin = ''] of text.matchAll(/plugin-[a-z-]*/g)) expect(PLUGINS).toContain(plugin)
    expect(text.includes(LONG_NAME)).toBe(columns === 240)
    expect(text.includes('…')).toBe(columns < 240)
    const last = text.split('\n').at(-1)
    if (note === null) expect(text).not.toContain('--wide')
    else expect(last).toBe(note)
  })

  it('client list keeps the id whole where even that does not fit', async () => {
    const text = await onTerminal(10, 'client list', NO_COLOUR)
    expect(text.split('\n').slice(1)).toEqual(expect.arrayContaining(ids))
  })

  it('client list shows the last use and the age in words', async () => {
    const text = await onTerminal(240, 'client list --sort name', NO_COLOUR)
    const [, , a = '', b = ''] = text.split('\n')
    expect(a).toMatch(/ a +active +3 d ago +default +- +(\d+ s ago|now)$/)
    expect(b).toMatch(/ b +disabled +- +default +- +(\d+ s ago|now)$/)
  })

  it('--wide shows every column and cuts nothing', async () => {
    const text = await onTerminal(80, 'client list --wide', NO_COLOUR)
    expect(headOf(text)).toHaveLength(17)
    expect(text).toContain(LONG_NAME)
    expect(text).toContain(PLUGINS.join(', '))
    expect(text).not.toContain('more column')
  })

  it('the line about columns that were left out is dim, and on standard error', async () => {
    expect(await onTerminal(80, 'client list')).toContain(
      `${ESCAPE}[2m2 more columns: --wide${ESCAPE}[0m`,
    )
    expect(await onTerminal(80, 'client list 2> /dev/null')).not.toContain('more columns')
  })

  it('show has the time and the age', async () => {
    const text = await onTerminal(80, `client show ${ids[0]}`, NO_COLOUR)
    expect(text).toMatch(/^created_at +\d{4}-\d\d-\d\dT[\d:]+Z \((\d+ s ago|now)\)$/m)
  })

  it('status has a colour', async () => {
    const text = await onTerminal(100, 'client list')
    expect(text).toContain(`${ESCAPE}[32mactive${ESCAPE}[0m`)
    expect(text).toContain(`${ESCAPE}[31mdisabled${ESCAPE}[0m`)
  })

  it.each([NO_COLOUR, { TERM: 'dumb' }])('output has no colour with %j', async (environment) => {
    for (const command of ['client list', `client show ${ids[0]}`]) {
      expect(await onTerminal(100, command, environment)).not.toContain(ESCAPE)
    }
  })

  it('an empty NO_COLOR keeps the colours', async () => {
    expect(await onTerminal(100, 'client list', { NO_COLOR: '' })).toContain(ESCAPE)
  })

  it('JSON is the same as elsewhere', async () => {
    const { items } = { items: await cli.text('client list --json') }
    expect(await onTerminal(40, 'client list --json')).toBe(items.trimEnd())
  })
})

describe('a pipe', () => {
  it('client list has whole cells, exact times and no colour', async () => {
    const text = await cli.text('client list')
    expect(headOf(text)).toContain('LAST_USED_AT')
    expect(text).toContain(LONG_NAME)
    expect(text).toContain(PLUGINS.join(', '))
    expect(text).not.toContain(ESCAPE)
    expect(text).toMatch(/ a +active +\d{4}-\d\d-\d\dT\S+Z +default/)
    expect(text).not.toMatch(/ ago|…/)
  })

  it('JSON of client list has the last use', async () => {
    const [first] = await cli.json<object[]>('client list --sort last_used_at')
    expect(first).toMatchObject({ name: 'a', last_used_at: expect.stringMatching(/^\d{4}-/) })
  })
})

/** Commands, and the names or other members of their rows. */
const SELECTED: [args: string[], member: string, values: unknown[]][] = [
  [['client list', '--sort', 'name'], 'name', ['Administrator', 'a', 'b', LONG_NAME]],
  [['client list', '--sort', '-name', '--limit', '2'], 'name', [LONG_NAME, 'b']],
  [['client list', '--sort', '-quota_per_minute', '--limit', '1'], 'name', ['b']],
  [['client list', '--sort', 'quota_per_minute', '--limit', '1'], 'name', ['b']],
  [['client list', '--filter', 'status=disabled'], 'name', ['b']],
  [['client list', '--filter', 'name=night*京*more'], 'name', [LONG_NAME]],
  [['client list', '--filter', 'name=night*more*more'], 'name', []],
  [['client list', '--filter', 'name=b*b'], 'name', []],
  [['client list', '--filter', 'plugins=plugin-three'], 'name', [LONG_NAME]],
  [['client list', '--filter', 'workspace_id='], 'name', ['Administrator']],
  [['client list', '--filter', 'last_used_at=*T*'], 'name', ['a']],
  [
    ['client list', '--filter', 'status=active', '--filter', 'plugins=', '--sort', 'name'],
    'name',
    ['Administrator', 'a'],
  ],
  [['client list', '--filter', 'status=*ed', '--limit', '1'], 'name', ['b']],
  [['client list', '--status', 'active', '--filter', 'name=b'], 'name', []],
  [['plugin list', '--sort', '-id', '--limit', '1'], 'id', ['plugin-three']],
  [
    ['audit list', '--filter', 'action=client.disable', '--limit', '1'],
    'action',
    ['client.disable'],
  ],
  [['audit list', '--limit', '2', '--sort', 'seq'], 'outcome', ['intent', 'success']],
  [['key list', '--filter', 'state=next', '--limit', '9'], 'state', ['next']],
]

describe('selection of rows', () => {
  it.each(SELECTED)('%j', async ([command = '', ...args], member, values) => {
    const rows = await cli.json<Record<string, unknown>[]>(command, ...args)
    expect(rows.map((row) => row[member])).toEqual(values)
  })

  it('client list reads as many clients as --limit allows', async () => {
    expect(await cli.json('client list --limit 3')).toHaveLength(3)
    expect(await cli.json('client list --limit 3 --filter name=*')).toHaveLength(3)
  })

  it('secret list selects rows, too', async () => {
    expect(await cli.json(`secret list ${ids[0]} --filter hint=none --limit 3`)).toEqual([])
    expect(await cli.json(`secret list ${ids[0]} --filter name= --limit 3`)).toHaveLength(1)
  })

  const MISUSED: [command: string, line: RegExp][] = [
    ['client list --sort nope', /'--sort <MEMBER>' argument 'nope' is invalid. Members: client_id/],
    ['client list --filter nope=a', /'nope=a' is invalid. Members: client_id/],
    ['client list --filter status', /'status' is invalid. Members: client_id/],
    ['audit list --limit 0', /'--limit <N>' argument '0' is invalid. It must be at least 1/],
    ['client list --sort name --sort name', /'--sort <MEMBER>' may not be repeated/],
  ]

  it.each(MISUSED)('exits 2: %s', async (command, line) => {
    await cli.misused(line, command)
  })
})
