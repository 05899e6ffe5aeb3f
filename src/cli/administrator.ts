import type { Command } from 'commander'
import { createAdministrator } from '../admin/administrators.ts'
import { command } from './flags.ts'
import { print } from './output.ts'
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
    .action(async (flags: { name: string; json?: boolean }) =>
      print(
        await withAdmin((call) => createAdministrator(call, flags.name), { create: true }),
        flags,
      ),
    )
}
