import type { Command } from 'commander'
import {
  createPlugin,
  listPlugins,
  revokePluginTokens,
  showPlugin,
  updatePlugin,
} from '../admin/plugins.ts'
import type { TrustTier } from '../store/store.ts'
import { collect, withoutUndefined, command, singleCommands } from './flags.ts'
import { listCommand } from './list.ts'
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
    .option('--name <NAME>', 'display name')
    .option('--trust <TIER>', 'bundled, trusted or restricted')
    .option('--capability <CAPABILITY>', 'such as connector:slack; repeatable', collect)
    .option('--snapshot <ID>', 'id of the running snapshot')

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
      'create a plugin',
      'plugin create slack-sync --trust trusted --capability connector:slack',
    ),
  ).action(async (id: string, flags: Flags) =>
    print(await withAdmin((call) => createPlugin(call, { id, ...settings(flags) })), flags),
  )

  withSettings(
    command(
      noun,
      'update <ID>',
      'change a plugin; --capability replaces all its capabilities',
      'plugin update slack-sync --trust restricted',
    ),
  )
    .option('--no-capability', 'remove all capabilities')
    .action(async (id: string, flags: Flags) =>
      print(await withAdmin((call) => updatePlugin(call, id, settings(flags))), flags),
    )

  singleCommands(noun, 'slack-sync', [
    ['show <ID>', 'show a plugin', showPlugin],
    ['revoke-tokens <ID>', 'revoke all tokens that were issued for it so far', revokePluginTokens],
  ])
  listCommand(noun, 'list plugins', listPlugins, [
    ['--trust <TIER>', 'trust', 'only plugins of this trust tier'],
    ['--capability <CAPABILITY>', 'capability', 'only plugins with this capability'],
  ])
}
