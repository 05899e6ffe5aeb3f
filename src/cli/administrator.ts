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
    'make an administrator who is bound to no workspace; the secret is shown this once',
    'admin create --name alice --json',
  )
    .option('--name <NAME>', 'what people call them', 'Administrator')
    .action(async (flags: { name: string; json?: boolean }) =>
      print(
        await withAdmin((call) => createAdministrator(call, flags.name), { create: true }),
        flags,
      ),
    )
}
