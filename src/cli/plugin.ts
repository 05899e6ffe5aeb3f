import type { Command } from 'commander'
import type { TrustTier } from '../store/store.ts'
import { collect, withoutUndefined, command, singleCommands } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

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
    print(await perform('plugin.create', { body: { id, ...settings(flags) } }), flags),
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
      print(await perform('plugin.update', { id, body: settings(flags) }), flags),
    )

  singleCommands(noun, { parameter: 'id', id: 'slack-sync' }, [
    ['show <ID>', 'show a plugin', 'plugin.show'],
    ['disable <ID>', 'disable a plugin and revoke its tokens', 'plugin.disable'],
    ['enable <ID>', 'enable a plugin; tokens from before stay revoked', 'plugin.enable'],
    ['delete <ID>', 'delete a plugin and revoke its tokens; its id stays taken', 'plugin.delete'],
    [
      'revoke-tokens <ID>',
      'revoke all tokens that were issued for it so far',
      'plugin.revoke_tokens',
    ],
  ])
  listCommand(noun, 'list plugins', 'plugin.list', [
    ['--trust <TIER>', 'trust', 'only plugins of this trust tier'],
    ['--capability <CAPABILITY>', 'capability', 'only plugins with this capability'],
    ['--status <STATUS>', 'status', 'only active, or only disabled plugins'],
  ])
}
