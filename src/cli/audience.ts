import type { Command } from 'commander'
import { createAudience, listAudiences, showAudience, updateAudience } from '../admin/audiences.ts'
import type { Algorithm } from '../signing/algorithms.ts'
import {
  withoutUndefined,
  command,
  listCommand,
  permission,
  singleCommands,
  wholeNumber,
} from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

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
      'a permission and those that it implies; repeat it for each',
      permission,
    )
    .option('--requires-plugin', 'no token without a plugin')
    .option('--ttl <SECONDS>', 'lifetime of its tokens, 60 to 86400', wholeNumber)
    .option('--alg <ALG>', 'what its tokens are signed with: one of LATCHKEY_ALGORITHMS')

const settings = (flags: Flags) =>
  withoutUndefined({
    permissions: flags.permission,
    requires_plugin: flags.requiresPlugin,
    token_ttl: flags.ttl,
    algorithm: flags.alg,
  })

export const audience = (program: Command): void => {
  const noun = program.command('audience').description('resource servers that tokens are meant for')

  withSettings(
    command(
      noun,
      'create <ID>',
      'make an audience',
      "audience create docs --permission read --permission 'write>read' --permission 'full>write'",
    ),
  ).action(async (id: string, flags: Flags) =>
    print(await withAdmin((call) => createAudience(call, { id, ...settings(flags) })), flags),
  )

  withSettings(
    command(
      noun,
      'update <ID>',
      'change what is given; permissions are replaced as a whole',
      'audience update docs --ttl 300',
    ),
  )
    .option('--no-requires-plugin', 'tokens without a plugin are allowed')
    .action(async (id: string, flags: Flags) =>
      print(await withAdmin((call) => updateAudience(call, id, settings(flags))), flags),
    )

  singleCommands(noun, 'docs', [['show <ID>', 'one audience', showAudience]])
  listCommand(noun, 'all audiences', listAudiences, [
    ['--requires-plugin <BOOLEAN>', 'requires_plugin', 'only those that need one: true or false'],
    ['--alg <ALG>', 'algorithm', 'only those that sign with it'],
  ])
}
