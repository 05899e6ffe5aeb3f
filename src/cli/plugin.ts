import type { Command } from 'commander'
import {
  createPlugin,
  listPlugins,
  revokePluginTokens,
  showPlugin,
  updatePlugin,
} from '../admin/plugins.ts'
import type { TrustTier } from '../store/store.ts'
import { collect, withoutUndefined, command, listCommand, singleCommands } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type Flags = {
  name?: string
  trust?: TrustTier
  capability?: string[] | false
  snapshot?: string
  json?: boolean
}

const withSettings = (command: Command): Command =>
  command
    .option('--name <NAME>', 'what people call it')
    .option('--trust <TIER>', 'bundled, trusted or restricted')
    .option('--capability <CAPABILITY>', 'such as connector:slack; repeat it for each', collect)
    .option('--snapshot <ID>', 'the snapshot that runs')

const settings = (flags: Flags) =>
  withoutUndefined({
    name: flags.name,
    trust: flags.trust,
    capabilities: flags.capability === false ? [] : flags.capability,
    snapshot: flags.snapshot,
  })

export const plugin = (program: Command): void => {
  const noun = program.command('plugin').description('software that clients act for')

  withSettings(
    command(
      noun,
      'create <ID>',
      'make a plugin',
      'plugin create slack-sync --trust trusted --capability connector:slack',
    ),
  ).action(async (id: string, flags: Flags) =>
    print(await withAdmin((call) => createPlugin(call, { id, ...settings(flags) })), flags),
  )

  withSettings(
    command(
      noun,
      'update <ID>',
      'change what is given; capabilities are replaced as a whole',
      'plugin update slack-sync --trust restricted',
    ),
  )
    .option('--no-capability', 'take all capabilities away')
    .action(async (id: string, flags: Flags) =>
      print(await withAdmin((call) => updatePlugin(call, id, settings(flags))), flags),
    )

  singleCommands(noun, 'slack-sync', [
    ['show <ID>', 'one plugin', showPlugin],
    ['revoke-tokens <ID>', 'kill every token that was issued for it so far', revokePluginTokens],
  ])
  listCommand(noun, 'all plugins', listPlugins, [
    ['--trust <TIER>', 'trust', 'only those of this trust tier'],
    ['--capability <CAPABILITY>', 'capability', 'only those that are capable of this'],
  ])
}
