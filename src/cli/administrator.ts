import type { Command } from 'commander'
import type { AnswerOf } from '../admin/api/actions.ts'
import type { AdminCall } from '../admin/operation.ts'
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { command, envFlag } from './flags.ts'
import { listCommand } from './list.ts'
import { print, printCredentials } from './output.ts'
import { isRemote, perform, withAdmin } from './session.ts'

const permissionsOf = ({ grants }: AnswerOf<'client.show'>): string[] =>
  grants.find(({ audience }) => audience === ADMIN_AUDIENCE)?.permissions ?? []

const PREFIX = 'admin:'

/** `read` for `admin:read`: every permission of an administrator has the prefix. */
const withoutPrefix = (permission: string): string =>
  permission.startsWith(PREFIX) ? permission.slice(PREFIX.length) : permission

export const administrator = (program: Command): void => {
  const noun = program.command('admin').description('administrators')

  command(
    noun,
    'create',
    'create an unbound administrator; no later output contains its secret',
    'admin create --name alice --json',
  )
    .option('--name <NAME>', 'display name', 'Administrator')
    .addOption(envFlag())
    .action(async (flags: { name: string; env?: boolean; json?: boolean }) => {
      const created = await create(flags.name)
      if (flags.env) printCredentials(created)
      else print(created, flags)
    })

  command(
    noun,
    'show <ID>',
    'show an administrator and its grants',
    'admin show lkc_7hQm0c8wJ9f2S4tXb1YzKg',
  ).action(async (id: string, flags: { json?: boolean }) => {
    const client = await perform('client.show', { client_id: id })
    if (permissionsOf(client).length === 0) {
      throw new OperationRefused('not_found', `the client ${id} is no administrator`)
    }
    print(client, flags)
  })

  listCommand(
    noun,
    'list administrators, unbound ones and those of a workspace',
    'client.list',
    [
      ['--workspace <ID>', 'workspace_id', 'only administrators of this workspace'],
      ['--status <STATUS>', 'status', 'only active, or only disabled administrators'],
    ],
    {
      query: { audience: ADMIN_AUDIENCE },
      rowOf: (item) => ({ ...item, permissions: permissionsOf(item as AnswerOf<'client.show'>) }),
      shownOf: (row) => ({
        ...row,
        permissions: (row['permissions'] as string[]).map(withoutPrefix),
      }),
    },
  )
}

/** Works on this machine also without an administrator and without a database. A server has both. */
const create = (name: string) => {
  if (!isRemote()) {
    const operation = async (call: AdminCall) =>
      (await import('../admin/administrators.ts')).createAdministrator(call, name)
    return withAdmin(operation, { create: true })
  }
  const grants = [{ audience: ADMIN_AUDIENCE, permissions: [ADMIN_READ, ADMIN_WRITE] }]
  return perform('client.create', { body: { name, workspace_id: null, grants } })
}
