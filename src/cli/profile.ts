// Profiles: named servers with credentials, for commands from another machine.
import type { Command } from 'commander'
import { StartRefused } from '../errors.ts'
import { command, readStdin } from './flags.ts'
import { print } from './output.ts'
import { type ServerFlags, credentialsOf, originOf } from './remote/choice.ts'
import { type Credentials, parseCredentials } from './remote/credentials.ts'
import {
  LOCAL,
  addProfile,
  chooseProfile,
  currentProfile,
  profileNames,
  readProfile,
  removeProfile,
  requireUnused,
} from './remote/profiles.ts'

type Json = { json?: boolean }

export const profile = (program: Command): void => {
  const noun = program
    .command('profile')
    .description('servers that this user administers from this machine')

  command(
    noun,
    'add <NAME>',
    'store a server (--url) with credentials (--credentials FILE, or - for standard input), after a test of them',
    'profile add prod --url https://auth.example --credentials admin.json',
  ).action(async (name: string, flags: Json) => {
    const added = await add(name, program.opts<ServerFlags>())
    print(added, flags)
  })

  command(noun, 'list', 'list profiles, without their secrets', 'profile list').action(
    (flags: Json) => print(profileNames(process.env).map(shown), flags),
  )

  command(noun, 'show <NAME>', 'show a profile, without its secret', 'profile show prod').action(
    (name: string, flags: Json) => print(shown(name), flags),
  )

  command(
    noun,
    'use <NAME>',
    `use a profile for every later command; ${LOCAL}: the database of this machine`,
    'profile use prod',
  ).action((name: string, flags: Json) => {
    chooseProfile(process.env, name)
    print({ name, current: true }, flags)
  })

  command(
    noun,
    'remove <NAME>',
    'remove a profile with its credentials',
    'profile remove prod',
  ).action((name: string, flags: Json) => {
    removeProfile(process.env, name)
    print({ name, status: 'removed' }, flags)
  })
}

const shown = (name: string) => {
  const { url, credentials } = readProfile(process.env, name)
  const current = currentProfile(process.env) === name
  return { name, url, client_id: credentials.clientId, current }
}

const add = async (name: string, flags: ServerFlags) => {
  if (flags.url === undefined) throw new StartRefused('a profile needs --url')
  requireUnused(process.env, name)
  const origin = originOf(flags.url)
  const credentials = await credentialsFrom(flags)
  const { requireAdministrator } = await import('./remote/issuer.ts')
  await requireAdministrator({ origin, credentials })
  addProfile(process.env, { name, url: origin, credentials })
  return shown(name)
}

const credentialsFrom = async (flags: ServerFlags): Promise<Credentials> =>
  flags.credentials === '-'
    ? parseCredentials(await readStdin(), 'standard input')
    : credentialsOf(process.env, flags)
