import type { Command } from 'commander'
import {
  createWorkspace,
  listWorkspaces,
  resumeWorkspace,
  suspendWorkspace,
} from '../admin/workspaces.ts'
import { given, leaf } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type Flags = { name?: string; json?: boolean }

export const workspace = (program: Command): void => {
  const noun = program.command('workspace').description('tenants')

  leaf(noun, 'create <ID>', 'make a workspace', "workspace create acme --name 'Acme Ltd'")
    .option('--name <NAME>', 'what people call it')
    .action(async (id: string, flags: Flags) =>
      print(
        await withAdmin((admin) => createWorkspace(admin, { id, ...given({ name: flags.name }) })),
        flags,
      ),
    )

  leaf(noun, 'list', 'all workspaces', 'workspace list').action(async (flags: Flags) =>
    print(await withAdmin(listWorkspaces), flags),
  )

  leaf(
    noun,
    'suspend <ID>',
    'kill the tokens of all its clients and issue no more',
    'workspace suspend acme',
  ).action(async (id: string, flags: Flags) =>
    print(await withAdmin((admin) => suspendWorkspace(admin, id)), flags),
  )

  leaf(
    noun,
    'resume <ID>',
    'issue tokens again; the old ones stay dead',
    'workspace resume acme',
  ).action(async (id: string, flags: Flags) =>
    print(await withAdmin((admin) => resumeWorkspace(admin, id)), flags),
  )
}
