import type { Command } from 'commander'
import { listKeys, revokeAllKeys, revokeKey } from '../admin/keys.ts'
import { leaf } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type RevokeFlags = { all?: boolean; json?: boolean }

export const key = (program: Command): void => {
  const noun = program.command('key').description('signing keys')

  leaf(noun, 'list', 'all keys and their states', 'key list').action(
    async (flags: { json?: boolean }) => print(await withAdmin(listKeys), flags),
  )

  leaf(
    noun,
    'revoke [KID]',
    'take a key out of the JWKS and kill all tokens that it signed, for good',
    'key revoke 9DXLDfOPGX69eHRGF2CKNoQAiWaMwp6BxXU8s4vpc7g',
  )
    .option('--all', 'every key; all tokens are dead')
    .action(async (kid: string | undefined, flags: RevokeFlags, command: Command) => {
      if ((kid === undefined) === (flags.all !== true)) {
        command.error('error: name one key, or say --all')
      }
      print(
        await withAdmin((admin) =>
          kid === undefined ? revokeAllKeys(admin) : revokeKey(admin, kid),
        ),
        flags,
      )
    })
}
