import type { Command } from 'commander'
import { addSecret, listSecrets, revokeSecret, showSecret } from '../admin/secrets.ts'
import { withoutUndefined, command, wholeNumber } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type AddFlags = { name?: string; expiresIn?: number; previousExpiresIn?: number; json?: boolean }

export const secret = (program: Command): void => {
  const noun = program.command('secret').description('secrets of a client')

  command(
    noun,
    'add <CLIENT>',
    'make another secret, shown this once, and let the others end',
    'secret add lkc_7hQm0c8wJ9f2S4tXb1YzKg --previous-expires-in 3600',
  )
    .option('--name <NAME>', 'what people call it')
    .option('--expires-in <SECONDS>', 'it ends by itself (default: never)', wholeNumber)
    .option(
      '--previous-expires-in <SECONDS>',
      'when the others end, 0 to 7776000 (default: 86400)',
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

  command(
    noun,
    'list <CLIENT>',
    'its live secrets, without what is secret',
    'secret list lkc_7hQm0c8wJ9f2S4tXb1YzKg',
  ).action(async (client: string, flags: { json?: boolean }) =>
    print((await withAdmin((call) => listSecrets(call, client))).items, flags),
  )

  command(
    noun,
    'show <CLIENT> <SECRET_ID>',
    'one of them',
    'secret show lkc_7hQm0c8wJ9f2S4tXb1YzKg secret_VbN3kq0m5XzT1yRw8sHdJA',
  ).action(async (client: string, id: string, flags: { json?: boolean }) =>
    print(await withAdmin((call) => showSecret(call, client, id)), flags),
  )

  command(
    noun,
    'revoke <CLIENT> <SECRET_ID>',
    'end a secret at once',
    'secret revoke lkc_7hQm0c8wJ9f2S4tXb1YzKg secret_VbN3kq0m5XzT1yRw8sHdJA',
  ).action(async (client: string, id: string, flags: { json?: boolean }) =>
    print(await withAdmin((call) => revokeSecret(call, client, id)), flags),
  )
}
