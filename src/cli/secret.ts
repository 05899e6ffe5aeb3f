import type { Command } from 'commander'
import { addSecret, listSecrets, revokeSecret, showSecret } from '../admin/secrets.ts'
import {
  DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS,
  MAX_PREVIOUS_EXPIRES_IN_SECONDS,
} from '../constants.ts'
import { withoutUndefined, command, wholeNumber } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type AddFlags = { name?: string; expiresIn?: number; previousExpiresIn?: number; json?: boolean }

export const secret = (program: Command): void => {
  const noun = program.command('secret').description('secrets of a client')

  command(
    noun,
    'add <CLIENT>',
    'add a secret and let the others expire; no later output contains it',
    'secret add lkc_7hQm0c8wJ9f2S4tXb1YzKg --previous-expires-in 3600',
  )
    .option('--name <NAME>', 'display name')
    .option('--expires-in <SECONDS>', 'its lifetime (default: it does not expire)', wholeNumber)
    .option(
      '--previous-expires-in <SECONDS>',
      `time until the others expire, 0 to ${MAX_PREVIOUS_EXPIRES_IN_SECONDS} (default: ${DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS})`,
      wholeNumber,
    )
    .action(async (client: string, flags: AddFlags) => {
      const input = withoutUndefined({
        name: flags.name,
        expires_in: flags.expiresIn,
        previous_expires_in: flags.previousExpiresIn,
      })
      print(await withAdmin((call) => addSecret(call, client, input)), flags)
    })

  listCommand(
    noun,
    'list the live secrets of a client, without the secrets themselves',
    (call, query, client) => listSecrets(call, client, query),
    [],
    { usage: 'list <CLIENT>', example: 'secret list lkc_7hQm0c8wJ9f2S4tXb1YzKg' },
  )

  command(
    noun,
    'show <CLIENT> <SECRET_ID>',
    'show a live secret, without the secret itself',
    'secret show lkc_7hQm0c8wJ9f2S4tXb1YzKg secret_VbN3kq0m5XzT1yRw8sHdJA',
  ).action(async (client: string, id: string, flags: { json?: boolean }) =>
    print(await withAdmin((call) => showSecret(call, client, id)), flags),
  )

  command(
    noun,
    'revoke <CLIENT> <SECRET_ID>',
    'revoke a secret at once',
    'secret revoke lkc_7hQm0c8wJ9f2S4tXb1YzKg secret_VbN3kq0m5XzT1yRw8sHdJA',
  ).action(async (client: string, id: string, flags: { json?: boolean }) =>
    print(await withAdmin((call) => revokeSecret(call, client, id)), flags),
  )
}
