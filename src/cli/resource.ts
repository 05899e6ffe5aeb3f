import type { Command } from 'commander'
import { putResource } from '../admin/resources.ts'
import { collect, withoutUndefined, command } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform, withAdmin } from './session.ts'

type PutFlags = { workspace?: string; part?: string[] | false; json?: boolean }

const COMMANDS = [
  ['show <TYPE> <ID>', 'show a resource', 'resource.show'],
  ['delete <TYPE> <ID>', 'delete a resource and revoke the tokens for it', 'resource.delete'],
] as const

export const resource = (program: Command): void => {
  const noun = program.command('resource').description('resources that authorization details name')

  command(
    noun,
    'put <TYPE> <ID>',
    'create a resource, or replace its parts; a removed part is removed from all details, too',
    'resource put playlist evening --workspace acme --part zone-a --part zone-b',
  )
    .option('--workspace <ID>', 'its tenant (default: default, or the one that it has)')
    .option('--part <ID>', 'a part of it; repeatable', collect)
    .option('--no-part', 'remove all parts')
    .action(async (type: string, id: string, flags: PutFlags) => {
      const parts = flags.part === false ? [] : flags.part
      const input = withoutUndefined({ workspace_id: flags.workspace, parts })
      print(await withAdmin((call) => putResource(call, { type, id }, input)), flags)
    })

  for (const [usage, description, action] of COMMANDS) {
    const example = `resource ${usage.replace('<TYPE> <ID>', 'playlist evening')}`
    command(noun, usage, description, example).action(
      async (type: string, id: string, flags: { json?: boolean }) =>
        print(await perform(action, { type, id }), flags),
    )
  }

  listCommand(noun, 'list resources', 'resource.list', [
    ['--type <TYPE>', 'type', 'only resources of this type'],
    ['--workspace <ID>', 'workspace_id', 'only resources of this workspace'],
  ])
}
