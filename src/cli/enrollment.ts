import type { Command } from 'commander'
import { DEFAULT_ENROLLMENT_TTL_SECONDS, MAX_ENROLLMENT_TTL_SECONDS } from '../constants.ts'
import type { Grant } from '../store/store.ts'
import {
  collect,
  withoutUndefined,
  grant,
  command,
  readJsonFile,
  singleCommands,
  wholeNumber,
} from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

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
  singleCommands(noun, { parameter: 'enrollment_id', id: 'enrollment_q1Xb7cVtS0mYzK3hJ8wLdA' }, [
    ['show <ID>', 'show an enrollment and its status', 'enrollment.show'],
    ['revoke <ID>', 'revoke an unused enrollment', 'enrollment.revoke'],
  ])
  listCommand(noun, 'list enrollments; ended ones are listed for two days', 'enrollment.list', [
    ['--workspace <ID>', 'workspace_id', 'only enrollments of this workspace'],
  ])
}

const create = (noun: Command): void => {
  command(
    noun,
    'create',
    'create an enrollment; no later output contains its token',
    "enrollment create --workspace acme --plugin slack-sync --grant 'hook=hook:track' --json",
  )
    .option('--name <NAME>', 'display name')
    .option('--workspace <ID>', 'the tenant of the client (default: default)')
    .option('--plugin <ID>', 'a plugin that the client may act for; repeatable', collect)
    .option(
      '--grant <AUDIENCE=PERM…>',
      'permissions that the client may request at an audience; repeatable',
      grant,
    )
    .option('--details <FILE>', 'authorization details that the client may request, a JSON array')
    .option(
      '--expires-in <SECONDS>',
      `lifetime of the enrollment token, 1 to ${MAX_ENROLLMENT_TTL_SECONDS} (default: ${DEFAULT_ENROLLMENT_TTL_SECONDS})`,
      wholeNumber,
    )
    .option(
      '--unused-after <DAYS>',
      'days without a login after which the client is deleted (default: it is kept)',
      wholeNumber,
    )
    .action(async (flags: CreateFlags) => {
      const details = flags.details === undefined ? undefined : await readJsonFile(flags.details)
      const body = withoutUndefined({
        name: flags.name,
        workspace_id: flags.workspace,
        plugins: flags.plugin,
        grants: flags.grant,
        authorization_details: details as { type: string }[] | undefined,
        expires_in: flags.expiresIn,
        unused_after_days: flags.unusedAfter,
      })
      print(await perform('enrollment.create', { body }), flags)
    })
}
