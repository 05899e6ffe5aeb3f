import type { Command } from 'commander'
import { withoutUndefined, command, singleCommands } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

type Flags = { name?: string; json?: boolean }

export const workspace = (program: Command): void => {
  const noun = program.command('workspace').description('tenants')

  command(noun, 'create <ID>', 'create a workspace', "workspace create acme --name 'Acme Ltd'")
    .option('--name <NAME>', 'display name')
    .action(async (id: string, flags: Flags) =>
      print(
        await perform('workspace.create', {
          body: { id, ...withoutUndefined({ name: flags.name }) },
        }),
        flags,
      ),
    )

  command(noun, 'update <ID>', 'rename a workspace', "workspace update acme --name 'Acme plc'")
    .requiredOption('--name <NAME>', 'display name')
    .action(async (id: string, { name, json }: { name: string; json?: boolean }) =>
      print(await perform('workspace.update', { id, body: { name } }), { json }),
    )

  singleCommands(noun, { parameter: 'id', id: 'acme' }, [
    ['show <ID>', 'show a workspace', 'workspace.show'],
    ['suspend <ID>', 'revoke the tokens of its clients and issue no more', 'workspace.suspend'],
    ['resume <ID>', 'issue tokens again; tokens from before stay revoked', 'workspace.resume'],
  ])
  listCommand(noun, 'list workspaces', 'workspace.list', [
    ['--status <STATUS>', 'status', 'only active, or only suspended workspaces'],
  ])
}
