import type { Command } from 'commander'
import type { Perform } from '../admin/api/actions.ts'
import { OperationRefused } from '../errors.ts'
import { collect, withoutUndefined, command } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform, withSession } from './session.ts'

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
      print(await withSession((session) => putResource(session, { type, id }, input)), flags)
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

/** Creates the resource, or replaces the parts of an existing one if the command has any. */
export const putResource = async (
  performNext: Perform,
  name: { type: string; id: string },
  { workspace_id, parts }: { workspace_id?: string; parts?: string[] },
) => {
  const existing = await orNull(performNext('resource.show', name))
  if (existing !== null && (workspace_id ?? existing.workspace_id) === existing.workspace_id) {
    return await performNext('resource.update', {
      ...name,
      body: { parts: parts ?? existing.parts },
    })
  }
  const body = { ...name, parts: parts ?? [], ...withoutUndefined({ workspace_id }) }
  return await performNext('resource.create', { body })
}

/** Null for a row that does not exist. */
const orNull = <T>(reading: Promise<T>): Promise<T | null> =>
  reading.catch((error: unknown) => {
    if (error instanceof OperationRefused && error.code === 'not_found') return null
    throw error
  })
