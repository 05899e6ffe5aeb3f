import type { Command } from 'commander'
import type { Algorithm } from '../signing/algorithms.ts'
import { COLUMNS } from './columns.ts'
import { withoutUndefined, command, singleCommands } from './flags.ts'
import { listCommand } from './list.ts'
import { print, printWithNotes } from './output.ts'
import { perform } from './session.ts'

type RevokeFlags = { all?: boolean; forceRefetch?: boolean; json?: boolean }

const CACHED_KEYS =
  'Gateways that only read the JWKS accept tokens of this key until their cached JWKS expires. With --force-refetch, which works now, too, most fetch it at once; the help has the cost.'

const REFETCH_COST = `
With --force-refetch a new key signs at once. Gateways that only read the JWKS receive an unknown
kid, fetch the JWKS, and drop the revoked key. The cost: a gateway that does not fetch it for an
unknown kid refuses good tokens until its cached JWKS expires, and a gateway that pauses between
fetches refuses them during the pause. Followers of the revocation list do not need this flag.`

type RotateFlags = { now?: boolean; alg?: Algorithm; json?: boolean }

export const key = (program: Command): void => {
  const noun = program.command('key').description('signing keys')

  singleCommands(noun, { parameter: 'kid', id: '9DXLDfOPGX69eHRGF2CKNoQAiWaMwp6BxXU8s4vpc7g' }, [
    ['show <KID>', 'show a key and its state', 'key.show'],
  ])
  listCommand(noun, 'list keys and their states', 'key.list', [
    ['--state <STATE>', 'state', 'only next, active, retiring or revoked keys'],
    ['--alg <ALG>', 'algorithm', 'only keys of this signature algorithm'],
  ])

  command(
    noun,
    'rotate',
    'sign with the next key; the former one stays published until its tokens expire',
    'key rotate',
  )
    .option('--now', 'rotate also if the next key was published less than 24 hours ago')
    .option('--alg <ALG>', 'only the keys of this signature algorithm')
    .action(async ({ json, now, alg }: RotateFlags) => {
      const body = withoutUndefined({ now, algorithm: alg })
      const rotation = await perform('key.rotate', { body })
      if (json) print(rotation, { json })
      else
        printWithNotes(
          rotation.rotated,
          rotation.warnings.map((warning) => [warning]),
        )
    })

  command(
    noun,
    'revoke [KID]',
    'remove a key from the JWKS and revoke all tokens that it signed, for good',
    'key revoke 9DXLDfOPGX69eHRGF2CKNoQAiWaMwp6BxXU8s4vpc7g',
  )
    .option('--all', 'revoke every key, and with them all tokens')
    .option('--force-refetch', 'sign with a new key, so that gateways fetch the JWKS; see below')
    .addHelpText('after', REFETCH_COST)
    .action(async (kid: string | undefined, flags: RevokeFlags, command: Command) => {
      if ((kid === undefined) === (flags.all !== true)) {
        command.error('error: name one key, or use --all')
      }
      const body = { force_refetch: flags.forceRefetch === true }
      const { items } =
        kid === undefined
          ? await perform('key.revoke_all', {})
          : await perform('key.revoke', { kid, body })
      const gatewaysKeepKey = kid !== undefined && !body.force_refetch
      if (flags.json) print(items, flags)
      else printWithNotes(items, gatewaysKeepKey ? [[CACHED_KEYS]] : [], COLUMNS.key.first)
    })
}
