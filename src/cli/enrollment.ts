import type { Command } from 'commander'
import {
  createEnrollment,
  listEnrollments,
  revokeEnrollment,
  showEnrollment,
} from '../admin/enrollments.ts'
import type { Grant } from '../store/store.ts'
import {
  collect,
  withoutUndefined,
  grant,
  command,
  listCommand,
  readJsonFile,
  singleCommands,
  wholeNumber,
} from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type CreateFlags = {
  name?: string
  workspace?: string
  plugin?: string[]
  grant?: Grant[]
  details?: string
  expiresIn?: number
  unusedAfter?: number
  json?: boolean
}

export const enrollment = (program: Command): void => {
  const noun = program.command('enrollment').description('single-use tokens that become clients')
  create(noun)
  singleCommands(noun, 'enrollment_q1Xb7cVtS0mYzK3hJ8wLdA', [
    ['show <ID>', 'one enrollment and what has become of it', showEnrollment],
    ['revoke <ID>', 'end one that has not been used', revokeEnrollment],
  ])
  listCommand(noun, 'all enrollments, ended ones for two days', listEnrollments, [
    ['--workspace <ID>', 'workspace_id', 'only those of this workspace'],
  ])
}

const create = (noun: Command): void => {
  command(
    noun,
    'create',
    'make an enrollment; its token is shown this once',
    "enrollment create --workspace acme --plugin slack-sync --grant 'hook=hook:track' --json",
  )
    .option('--name <NAME>', 'what people call it')
    .option('--workspace <ID>', 'the tenant of the client (default: default)')
    .option('--plugin <ID>', 'a plugin that the client may act for; repeat it for each', collect)
    .option(
      '--grant <AUDIENCE=PERM…>',
      'what the client may ask for there; repeat it for each audience',
      grant,
    )
    .option('--details <FILE>', 'authorization details that it may ask for, a JSON array')
    .option(
      '--expires-in <SECONDS>',
      'how long it can be used, 1 to 86400 (default: 900)',
      wholeNumber,
    )
    .option(
      '--unused-after <DAYS>',
      'remove the client after so many days without a login (default: never)',
      wholeNumber,
    )
    .action(async (flags: CreateFlags) => {
      const details = flags.details === undefined ? undefined : await readJsonFile(flags.details)
      const input = withoutUndefined({
        name: flags.name,
        workspace_id: flags.workspace,
        plugins: flags.plugin,
        grants: flags.grant,
        authorization_details: details as { type: string }[] | undefined,
        expires_in: flags.expiresIn,
        unused_after_days: flags.unusedAfter,
      })
      print(await withAdmin((call) => createEnrollment(call, input)), flags)
    })
}
