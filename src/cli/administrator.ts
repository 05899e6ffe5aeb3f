import type { Command } from 'commander'
import { createAdministrator } from '../admin/administrators.ts'
import type { AdminCall } from '../admin/operation.ts'
import { command, envFlag } from './flags.ts'
import { print, printCredentials } from './output.ts'
import { withAdmin } from './session.ts'

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
      const create = (call: AdminCall) => createAdministrator(call, flags.name)
      const created = await withAdmin(create, { create: true })
      if (flags.env) printCredentials(created)
      else print(created, flags)
    })
}
