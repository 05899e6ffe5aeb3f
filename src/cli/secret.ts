import type { Command } from 'commander'
import {
  DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS,
  MAX_PREVIOUS_EXPIRES_IN_SECONDS,
} from '../constants.ts'
import { withoutUndefined, command, wholeNumber } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

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
      const body = withoutUndefined({
        name: flags.name,
        expires_in: flags.expiresIn,
        previous_expires_in: flags.previousExpiresIn,
      })
      print(await perform('secret.add', { client_id: client, body }), flags)
    })

  listCommand(
    noun,
    'list the live secrets of a client, without the secrets themselves',
    'secret.list',
    [],
    {
      usage: 'list <CLIENT>',
      parameter: 'client_id',
      example: 'secret list lkc_7hQm0c8wJ9f2S4tXb1YzKg',
    },
  )

  command(
    noun,
    'show <CLIENT> <SECRET_ID>',
    'show a live secret, without the secret itself',
    'secret show lkc_7hQm0c8wJ9f2S4tXb1YzKg secret_VbN3kq0m5XzT1yRw8sHdJA',
  ).action(async (client: string, id: string, flags: { json?: boolean }) =>
    print(await perform('secret.show', { client_id: client, secret_id: id }), flags),
  )

  command(
    noun,
    'revoke <CLIENT> <SECRET_ID>',
    'revoke a secret at once',
    'secret revoke lkc_7hQm0c8wJ9f2S4tXb1YzKg secret_VbN3kq0m5XzT1yRw8sHdJA',
  ).action(async (client: string, id: string, flags: { json?: boolean }) =>
    print(await perform('secret.revoke', { client_id: client, secret_id: id }), flags),
  )
}
