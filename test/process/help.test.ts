// The version, the help of nested commands, and suggestions for misspelled words. None needs a database.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT, latchkey, newDirectory } from '../support/processes.ts'

const place = { directory: newDirectory(), environment: {} }
const run = (command: string) => latchkey(place, command.split(' '))

it.each(['--version', '-V'])('%s prints the version of the package', async (flag) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string
  }
  expect(await run(flag)).toEqual({
    code: 0,
    signal: null,
    stdout: `${version}\n`,
    stderr: '',
  })
})

const HELP: [command: string, usage: string][] = [
  ['help', 'latchkey [options] [command]'],
  ['help client', 'latchkey client [options] [command]'],
  ['help client create', 'latchkey client create [options]'],
  ['help serve', 'latchkey serve [options]'],
  ['help completion', 'latchkey completion [options] <SHELL>'],
  ['help client delete lkc_7hQm0c8wJ9f2S4tXb1YzKg', 'latchkey client delete [options] <ID>'],
  ['client help create', 'latchkey client create [options]'],
]

it.each(HELP)('%s shows the usage: %s', async (command, usage) => {
  const { code, stdout, stderr } = await run(command)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n')[0]).toBe(`Usage: ${usage}`)
})

it('help of a command has its flags and its example', async () => {
  const { stdout } = await run('help client list')
  for (const text of [
    '--filter <MEMBER=VALUE>',
    'Members: client_id, name',
    '$ latchkey client list --json',
  ]) {
    expect(stdout).toContain(text)
  }
})

const MISSPELLED: [command: string, error: string][] = [
  ['clinet list', "unknown command 'clinet'\n(Did you mean client?)"],
  ['clients', "unknown command 'clients'\n(Did you mean client?)"],
  ['client lst', "unknown command 'lst'\n(Did you mean list?)"],
  ['client creat --name a', "unknown command 'creat'\n(Did you mean create?)"],
  ['client list --workspce a', "unknown option '--workspce'\n(Did you mean --workspace?)"],
  ['client list --limt 3', "unknown option '--limt'\n(Did you mean --limit?)"],
  ['--verson', "unknown option '--verson'\n(Did you mean --version?)"],
  ['help clinet', "unknown command 'clinet'\n(Did you mean client?)"],
  ['help client creat', "unknown command 'creat'\n(Did you mean create?)"],
]

it.each(MISSPELLED)('%s is refused with a suggestion', async (command, error) => {
  expect(await run(command)).toEqual({
    code: 2,
    signal: null,
    stdout: '',
    stderr: `error: ${error}\n`,
  })
})
