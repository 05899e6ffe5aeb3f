// `--dry-run` of every command that changes something: the database, the ledger and the audit stay as they are, and the
// same command without the flag changes them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import type { Command } from 'commander'
import { beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { databasePath, files } from '../support/database.ts'
import {
  type Place,
  createCli,
  latchkey,
  newPlace,
  seededPlace,
  startShell,
} from '../support/processes.ts'

/** Commands in an order in which each can be run. `CLIENT`, `SECRET` and the like are replaced by ids. */
const COMMANDS: readonly string[] = [
  'admin create --name alice',
  'audience create docs --permission read --permission write',
  'audience update docs --permission read',
  'plugin create calendar --trust trusted --capability a',
  'plugin update calendar --no-capability',
  'plugin revoke-tokens calendar',
  'plugin disable calendar',
  'plugin enable calendar',
  'plugin delete calendar',
  'workspace create acme',
  'workspace update acme --name Acme',
  'workspace suspend acme',
  'workspace resume acme',
  'client create --name other',
  'client update CLIENT --name renamed',
  'client grant CLIENT --grant docs=',
  'resource put playlist evening --part a',
  'client details CLIENT details.json',
  'resource put playlist evening --no-part',
  'resource delete playlist evening',
  'secret add CLIENT',
  'secret revoke CLIENT SECRET',
  'token issue --client CLIENT --audience docs2',
  'token revoke -',
  'client revoke-tokens CLIENT',
  'client disable CLIENT',
  'client enable CLIENT',
  'client delete CLIENT',
  'enrollment create --name machine',
  'enrollment revoke ENROLLMENT',
  'run revoke run-1',
  'key rotate --now',
  'key revoke KEY',
  'restored',
]

/** Words of a command without its arguments. */
const isCommand = (path: string, command: string): boolean => `${command} `.startsWith(`${path} `)

const leaves = (command: Command, path: readonly string[] = []): [string, Command][] =>
  command.commands.length === 0
    ? [[path.join(' '), command]]
    : command.commands.flatMap((child) => leaves(child, [...path, child.name()]))

const all = leaves(await createProgram(''))
const existing = COMMANDS.filter((command) => all.some(([path]) => isCommand(path, command)))

let place: Place
let cli: ReturnType<typeof createCli>
let ids: Record<string, string>
let token = ''
beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
  writeFileSync(
    join(place.directory, 'details.json'),
    '[{"type":"playlist","identifier":"evening","actions":["play"],"parts":["a"]}]',
  )
  await cli.json('audience create docs2 --permission read')
  const client = await cli.json('client create --ledger --name c --grant', 'docs2=read')
  ids = { CLIENT: String(client['client_id']) }
  const id = String(client['client_id'])
  const issued = await cli.json(`token issue --client ${id} --audience docs2`)
  token = String(issued['access_token'])
})

/** Replaces the names of ids by those of rows that exist now. */
const withIds = async (command: string): Promise<string> => {
  if (command.includes('SECRET')) {
    const secrets = await cli.json<Record<string, unknown>[]>(`secret list ${ids['CLIENT']}`)
    ids['SECRET'] = String(secrets[0]?.['secret_id'])
  }
  if (command.includes('ENROLLMENT')) {
    const rows = await cli.json<Record<string, unknown>[]>('enrollment list')
    ids['ENROLLMENT'] = String(rows[0]?.['enrollment_id'])
  }
  if (command.includes('KEY')) {
    const keys = await cli.json<Record<string, unknown>[]>('key list --state active')
    ids['KEY'] = String(keys[0]?.['kid'])
  }
  return command.replaceAll(/[A-Z]{3,}/g, (name) => ids[name] ?? name)
}

/** Every row of every table, the audit and the clock included. */
const rowsOf = (path: string): string => {
  const client = new BetterSqlite3(path)
  const tables = client
    .prepare("select name from sqlite_master where type = 'table' order by name")
    .pluck()
    .all() as string[]
  const rows = tables.map((name) => [name, client.prepare(`select * from "${name}"`).all()])
  client.close()
  return JSON.stringify(rows)
}

const stateOf = (where: Place) => ({
  database: rowsOf(databasePath(where)),
  ledger: rowsOf(join(where.directory, 'data', 'ledger.db')),
  names: Object.keys(files(where)),
})

const run = (command: string) => latchkey(place, command.split(' '), token)

describe('--dry-run', () => {
  it('exists for every command that changes something, and each is tested', async () => {
    const has = ([, command]: [string, Command]) =>
      command.options.some(({ long }) => long === '--dry-run')
    const isTested = (path: string) => COMMANDS.some((command) => isCommand(path, command))
    expect(
      all
        .filter(has)
        .map(([path]) => path)
        .filter((path) => !isTested(path)),
    ).toEqual(['migrate', 'backup', 'profile add', 'profile use', 'profile remove'])
    expect(
      all
        .filter((entry) => !has(entry))
        .map(([path]) => path)
        .filter(isTested),
    ).toEqual([])
  })

  it.each(existing)('dry run of %s changes nothing, and the command itself does', async (words) => {
    const command = await withIds(words)
    const before = stateOf(place)
    const dry = await run(`${command} --dry-run`)
    expect(dry).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('dry run, nothing was changed') as string,
    })
    expect(stateOf(place)).toEqual(before)
    const { code, stderr } = await run(command)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stateOf(place).database).not.toBe(before.database)
  })

  it('dry run of migrate tells the state, and creates no database', async () => {
    expect((await cli.json('migrate --dry-run'))['state']).toBe('up to date')
    const empty = await newPlace()
    const created = await createCli(empty).json('migrate --dry-run')
    expect(created['state']).toBe('would be created')
    expect(files(empty)).toEqual({})
  })

  it('dry run of backup tells the size of the copy, refuses what backup refuses, and writes no file', async () => {
    const before = files(place)
    const dry = await run('backup copy.db --json --dry-run')
    expect(dry.stderr).toBe('latchkey: dry run, nothing was changed\n')
    expect(files(place)).toEqual(before)
    const made = await cli.json('backup copy.db')
    expect(JSON.parse(dry.stdout)).toEqual(made)
    for (const target of ['copy.db', 'missing/copy.db']) {
      const refusal = await run(`backup ${target}`)
      expect(refusal.code).toBe(1)
      expect(await run(`backup ${target} --dry-run`)).toEqual(refusal)
    }
  })

  it('dry run of a command that is refused prints the refusal, and records none', async () => {
    const before = stateOf(place)
    const { code, stderr } = await run('client disable lkc_nobody --dry-run')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'latchkey: there is no client lkc_nobody\n',
    })
    expect(stateOf(place)).toEqual(before)
  })

  it('dry run of a command on a folder without a database creates nothing', async () => {
    const empty = await newPlace()
    expect((await latchkey(empty, ['admin', 'create', '--dry-run'])).code).toBe(1)
    expect(files(empty)).toEqual({})
  })

  it('prints no credential', async () => {
    const { stdout: created } = await run('client create --name d --json --dry-run')
    expect(JSON.parse(created)).toMatchObject({ client_secret: 'dry-run' })
    const { client_id: id } = await cli.json('client create --name e --grant', 'docs2=read')
    const { stdout } = await run(`token issue --client ${String(id)} --audience docs2 --dry-run`)
    expect(stdout).toContain('dry-run')
    expect(stdout).not.toContain('eyJ')
    expect((await run('enrollment create --dry-run')).stdout).not.toMatch(/lke_/)
  })

  it('tells what a change would end', async () => {
    const { client_id: id } = await cli.json(
      'client create --ledger --name f --grant',
      'docs2=read',
    )
    await cli.json(`token issue --client ${String(id)} --audience docs2`)
    const dry = async (command: string) => (await run(`${command} --dry-run`)).stderr
    expect(await dry(`client delete ${String(id)}`)).toBe(
      'latchkey: dry run, nothing was changed; ends: tokens of 1 client (1 live in the ledger), 1 secret\n',
    )
    expect(await dry(`client update ${String(id)} --name g`)).toContain('ends: nothing\n')
    expect(await dry(`secret add ${String(id)} --previous-expires-in 3600`)).toMatch(
      /^latchkey: ends in 1 h, \S+Z: secret_\S+ \(…\S{4}\)\n/,
    )
  })
})

/** Ctrl-D. */
const END_OF_INPUT = '\u0004'

/** Runs a command on a terminal, which `script` of util-linux makes, and types an answer. */
const onTerminal = async (command: string, answer: string) => {
  const shell = startShell(place, `script -qec '"$NODE" "$CLI" ${command}' /dev/null`)
  shell.child.stdin.write(answer)
  const { code, stdout } = await shell.ended
  return { code, stdout: stdout.replaceAll('\r\n', '\n') }
}

describe.skipIf(process.platform !== 'linux')('a terminal', () => {
  it('asks before a client is deleted, and deletes it after a yes only', async () => {
    const { client_id: id } = await cli.json('client create --name asked')
    const asked = `This ends: tokens of 1 client (0 live in the ledger), 1 secret. Continue? [y/N]`
    const refused = await onTerminal(`client delete ${String(id)}`, 'n\n')
    expect(refused.stdout).toContain(asked)
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stdout).toContain('latchkey: nothing was changed')
    expect(await cli.json(`client show ${String(id)}`)).toMatchObject({ status: 'active' })
    const accepted = await onTerminal(`client delete ${String(id)}`, 'y\n')
    expect(accepted).toMatchObject({ code: 0 })
    expect((await run(`client show ${String(id)}`)).code).toBe(1)
  })

  it('does not ask with --yes', async () => {
    const { client_id: id } = await cli.json('client create --name unasked')
    const { code, stdout } = await onTerminal(`client delete ${String(id)} --yes`, '')
    expect(code).toBe(0)
    expect(stdout).not.toContain('Continue?')
  })

  it('revokes a token that is typed, without a question', async () => {
    const { client_id: id } = await cli.json('client create --name typed --grant', 'docs2=read')
    const typed = await cli.json(`token issue --client ${String(id)} --audience docs2`)
    const text = String(typed['access_token'])
    const { code, stdout } = await onTerminal('token revoke -', `${text}\n${END_OF_INPUT}`)
    expect(code).toBe(0)
    expect(stdout).not.toContain('Continue?')
    const { stdout: inspected } = await latchkey(place, ['token', 'inspect', '-', '--json'], text)
    expect(JSON.parse(inspected)).toMatchObject({ active: false, reason: 'token_revoked' })
  })

  it('reads the answer from the terminal where standard input was the details', async () => {
    const entry = '{"type":"playlist","identifier":"typed","actions":["play"],"parts":["a"]}'
    writeFileSync(join(place.directory, 'typed.json'), `[${entry}]`)
    await cli.json('resource put playlist typed --part a')
    const { client_id: id } = await cli.json('client create --name detailed')
    await cli.json(`client details ${String(id)} typed.json`)
    const none = `[]\n${END_OF_INPUT}`
    const refused = await onTerminal(`client details ${String(id)} -`, `${none}n\n`)
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stdout).toContain('latchkey: nothing was changed')
    const accepted = await onTerminal(`client details ${String(id)} -`, `${none}y\n`)
    expect(accepted).toMatchObject({ code: 0 })
    expect(accepted.stdout).toContain('Continue?')
  })
})
