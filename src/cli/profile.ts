// Profiles: named servers with credentials, for commands from another machine.
import type { Command } from 'commander'
import { StartRefused } from '../errors.ts'
import { command, readStdin } from './flags.ts'
import { localListCommand } from './list.ts'
import { print } from './output.ts'
import { type ServerFlags, credentialsOf, originOf } from './remote/choice.ts'
import { type Credentials, parseCredentials } from './remote/credentials.ts'
import {
  LOCAL,
  type Profile,
  addProfile,
  chooseProfile,
  currentProfile,
  profileNames,
  readProfile,
  removeProfile,
  requireChoice,
  requireProfile,
  requireUnused,
} from './remote/profiles.ts'
import { noteDryRun, safety } from './safety.ts'

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
    noteDryRun()
    print(added, flags)
  })

  localListCommand(noun, 'list profiles, without their secrets', () =>
    profileNames(process.env).map(shown),
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
    if (safety().isDryRun) requireChoice(process.env, name)
    else chooseProfile(process.env, name)
    noteDryRun()
    print({ name, current: true }, flags)
  })

  command(
    noun,
    'remove <NAME>',
    'remove a profile with its credentials',
    'profile remove prod',
  ).action((name: string, flags: Json) => {
    if (safety().isDryRun) requireProfile(process.env, name)
    else removeProfile(process.env, name)
    noteDryRun()
    print({ name, status: 'removed' }, flags)
  })
}

const shown = (name: string) => viewOf(readProfile(process.env, name))

const viewOf = ({ name, url, credentials }: Profile) => {
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
  const profile = { name, url: origin, credentials }
  if (!safety().isDryRun) addProfile(process.env, profile)
  return viewOf(profile)
}

const credentialsFrom = async (flags: ServerFlags): Promise<Credentials> =>
  flags.credentials === '-'
    ? parseCredentials(await readStdin(), 'standard input')
    : credentialsOf(process.env, flags)
