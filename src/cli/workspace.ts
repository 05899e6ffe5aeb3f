import type { Command } from 'commander'
import {
  createWorkspace,
  listWorkspaces,
  resumeWorkspace,
  showWorkspace,
  suspendWorkspace,
  updateWorkspace,
} from '../admin/workspaces.ts'
import { withoutUndefined, command, singleCommands } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type Flags = { name?: string; json?: boolean }

export const workspace = (program: Command): void => {
  const noun = program.command('workspace').description('tenants')

  command(noun, 'create <ID>', 'create a workspace', "workspace create acme --name 'Acme Ltd'")
    .option('--name <NAME>', 'display name')
    .action(async (id: string, flags: Flags) =>
      print(
        await withAdmin((call) =>
          createWorkspace(call, { id, ...withoutUndefined({ name: flags.name }) }),
        ),
        flags,
      ),
    )

  command(noun, 'update <ID>', 'rename a workspace', "workspace update acme --name 'Acme plc'")
    .requiredOption('--name <NAME>', 'display name')
    .action(async (id: string, { name, json }: { name: string; json?: boolean }) =>
      print(await withAdmin((call) => updateWorkspace(call, id, { name })), { json }),
    )

  singleCommands(noun, 'acme', [
    ['show <ID>', 'show a workspace', showWorkspace],
    ['suspend <ID>', 'revoke the tokens of its clients and issue no more', suspendWorkspace],
    ['resume <ID>', 'issue tokens again; tokens from before stay revoked', resumeWorkspace],
  ])
  listCommand(noun, 'list workspaces', listWorkspaces, [
    ['--status <STATUS>', 'status', 'only active, or only suspended workspaces'],
  ])
}
