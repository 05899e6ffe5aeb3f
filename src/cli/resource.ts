import type { Command } from 'commander'
import type { AdminCall } from '../admin/operation.ts'
import { deleteResource, listResources, putResource, showResource } from '../admin/resources.ts'
import { collect, withoutUndefined, command, listCommand } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type PutFlags = { workspace?: string; part?: string[] | false; json?: boolean }

type Operation = (call: AdminCall, name: { type: string; id: string }) => Promise<unknown>

const COMMANDS: readonly (readonly [usage: string, description: string, Operation])[] = [
  ['show <TYPE> <ID>', 'one resource', showResource],
  ['delete <TYPE> <ID>', 'remove it for good, and the tokens for it', deleteResource],
]

export const resource = (program: Command): void => {
  const noun = program.command('resource').description('what authorization details point at')

  command(
    noun,
    'put <TYPE> <ID>',
    'make a resource, or replace its parts; what names a part that is gone loses it',
    'resource put playlist evening --workspace acme --part zone-a --part zone-b',
  )
    .option('--workspace <ID>', 'its tenant (default: default, or where it is)')
    .option('--part <ID>', 'a part of it; repeat it for each', collect)
    .option('--no-part', 'take all parts away')
    .action(async (type: string, id: string, flags: PutFlags) => {
      const parts = flags.part === false ? [] : flags.part
      const input = withoutUndefined({ workspace_id: flags.workspace, parts })
      print(await withAdmin((call) => putResource(call, { type, id }, input)), flags)
    })

  for (const [usage, description, operation] of COMMANDS) {
    const example = `resource ${usage.replace('<TYPE> <ID>', 'playlist evening')}`
    command(noun, usage, description, example).action(
      async (type: string, id: string, flags: { json?: boolean }) =>
        print(await withAdmin((call) => operation(call, { type, id })), flags),
    )
  }

  listCommand(noun, 'all resources', listResources, [
    ['--type <TYPE>', 'type', 'only those of this type'],
    ['--workspace <ID>', 'workspace_id', 'only those of this workspace'],
  ])
}
