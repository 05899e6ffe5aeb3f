import type { Command } from 'commander'
import type { Algorithm } from '../signing/algorithms.ts'
import {
  TOKEN_TTL_HELP,
  withoutUndefined,
  command,
  permission,
  singleCommands,
  wholeNumber,
} from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

type Flags = {
  permission?: { name: string; implies: string[] }[]
  requiresPlugin?: boolean
  ttl?: number
  alg?: Algorithm
  json?: boolean
}

const withSettings = (command: Command): Command =>
  command
    .option(
      '--permission <NAME[>IMPLIED,…]>',
      'a permission, and the permissions that it implies; repeatable',
      permission,
    )
    .option('--requires-plugin', 'issue no token without a plugin')
    .option('--ttl <SECONDS>', TOKEN_TTL_HELP, wholeNumber)
    .option('--alg <ALG>', 'signature algorithm of its tokens: one of LATCHKEY_ALGORITHMS')

const settings = (flags: Flags) =>
  withoutUndefined({
    permissions: flags.permission,
    requires_plugin: flags.requiresPlugin,
    token_ttl: flags.ttl,
    algorithm: flags.alg,
  })

export const audience = (program: Command): void => {
  const noun = program
    .command('audience')
    .description('resource servers that tokens are issued for')

  withSettings(
    command(
      noun,
      'create <ID>',
      'create an audience',
      "audience create docs --permission read --permission 'write>read' --permission 'full>write'",
    ),
  ).action(async (id: string, flags: Flags) =>
    print(await perform('audience.create', { body: { id, ...settings(flags) } }), flags),
  )

  withSettings(
    command(
      noun,
      'update <ID>',
      'change an audience; --permission replaces all its permissions',
      'audience update docs --ttl 300',
    ),
  )
    .option('--no-requires-plugin', 'issue tokens without a plugin, too')
    .action(async (id: string, flags: Flags) =>
      print(await perform('audience.update', { id, body: settings(flags) }), flags),
    )

  singleCommands(noun, { parameter: 'id', id: 'docs' }, [
    ['show <ID>', 'show an audience', 'audience.show'],
  ])
  listCommand(noun, 'list audiences', 'audience.list', [
    [
      '--requires-plugin <BOOLEAN>',
      'requires_plugin',
      'only audiences that require a plugin, or that do not: true or false',
    ],
    ['--alg <ALG>', 'algorithm', 'only audiences whose tokens have this signature algorithm'],
  ])
}
