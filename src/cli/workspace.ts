import type { Command } from 'commander'
import {
  createWorkspace,
  listWorkspaces,
  resumeWorkspace,
  showWorkspace,
  suspendWorkspace,
  updateWorkspace,
} from '../admin/workspaces.ts'
import { withoutUndefined, command, listCommand, singleCommands } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type Flags = { name?: string; json?: boolean }

export const workspace = (program: Command): void => {
  const noun = program.command('workspace').description('tenants')

  command(noun, 'create <ID>', 'make a workspace', "workspace create acme --name 'Acme Ltd'")
    .option('--name <NAME>', 'what people call it')
    .action(async (id: string, flags: Flags) =>
      print(
        await withAdmin((call) =>
          createWorkspace(call, { id, ...withoutUndefined({ name: flags.name }) }),
        ),
        flags,
      ),
    )

  command(noun, 'update <ID>', 'change its name', "workspace update acme --name 'Acme plc'")
    .requiredOption('--name <NAME>', 'what people call it')
    .action(async (id: string, { name, json }: { name: string; json?: boolean }) =>
      print(await withAdmin((call) => updateWorkspace(call, id, { name })), { json }),
    )

  singleCommands(noun, 'acme', [
    ['show <ID>', 'one workspace', showWorkspace],
    ['suspend <ID>', 'kill the tokens of all its clients and issue no more', suspendWorkspace],
    ['resume <ID>', 'issue tokens again; the old ones stay dead', resumeWorkspace],
  ])
  listCommand(noun, 'all workspaces', listWorkspaces, [
    ['--status <STATUS>', 'status', 'only those that are active, or suspended'],
  ])
}
