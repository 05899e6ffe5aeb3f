import type { Command } from 'commander'
import { listKeys, revokeAllKeys, revokeKey, showKey } from '../admin/keys.ts'
import { rotateKeys } from '../admin/key-rotation.ts'
import type { Algorithm } from '../signing/algorithms.ts'
import { withoutUndefined, command, listCommand, singleCommands } from './flags.ts'
import { print, printWithNotes } from './output.ts'
import { withAdmin } from './session.ts'

/**
 * Moves kids behind `--`. A kid is a thumbprint in base64url, and one in 64 begins with a dash, which would be parsed as
 * an option: an operator who revokes a key in an emergency should not meet that error first.
 */
export const moveKidsBehindDashes = (args: readonly string[]): string[] => {
  const isKid = (word: string): boolean => /^-[\w-]{42}$/.test(word)
  if (args[2] !== 'key' || args.includes('--') || !args.some(isKid)) return [...args]
  return [...args.filter((word) => !isKid(word)), '--', ...args.filter(isKid)]
}

type RevokeFlags = { all?: boolean; forceRefetch?: boolean; json?: boolean }

const CACHED_KEYS =
  'Gateways that only read the JWKS accept tokens of this key until their cached JWKS ends. With --force-refetch, now as well, most fetch it at once; see its price in the help.'

const REFETCH_PRICE = `
With --force-refetch a key signs that no gateway has. Gateways that only read the JWKS meet a kid
that they do not know, fetch the JWKS, and drop the revoked key. The price: a gateway that does not
fetch it for an unknown kid refuses good tokens until its cached JWKS ends, and one that pauses
between fetches refuses them for that long. Followers of the revocation list need none of it.`

type RotateFlags = { now?: boolean; alg?: Algorithm; json?: boolean }

export const key = (program: Command): void => {
  const noun = program.command('key').description('signing keys')

  singleCommands(noun, '9DXLDfOPGX69eHRGF2CKNoQAiWaMwp6BxXU8s4vpc7g', [
    ['show <KID>', 'one key and its state', showKey],
  ])
  listCommand(noun, 'all keys and their states', listKeys, [
    ['--state <STATE>', 'state', 'only those that are next, active, retiring or revoked'],
    ['--alg <ALG>', 'algorithm', 'only those that sign with it'],
  ])

  command(
    noun,
    'rotate',
    'let the next key sign; the one that signed stays published while its tokens live',
    'key rotate',
  )
    .option('--now', 'also where it has been published for less than 24 hours')
    .option('--alg <ALG>', 'only the keys that sign with it')
    .action(async ({ json, now, alg }: RotateFlags) => {
      const input = withoutUndefined({ now, algorithm: alg })
      const rotation = await withAdmin((call) => rotateKeys(call, input))
      if (json) print(rotation, { json })
      else printWithNotes(rotation.rotated, rotation.warnings)
    })

  command(
    noun,
    'revoke [KID]',
    'take a key out of the JWKS and kill all tokens that it signed, for good',
    'key revoke 9DXLDfOPGX69eHRGF2CKNoQAiWaMwp6BxXU8s4vpc7g',
  )
    .option('--all', 'every key; all tokens are dead, and all keys are new')
    .option('--force-refetch', 'let a new key sign, so that gateways fetch the JWKS; see below')
    .addHelpText('after', REFETCH_PRICE)
    .action(async (kid: string | undefined, flags: RevokeFlags, command: Command) => {
      if ((kid === undefined) === (flags.all !== true)) {
        command.error('error: name one key, or say --all')
      }
      const input = { force_refetch: flags.forceRefetch === true }
      const { items } = await withAdmin((call) =>
        kid === undefined ? revokeAllKeys(call) : revokeKey(call, kid, input),
      )
      const gatewaysKeepKey = kid !== undefined && !input.force_refetch
      if (flags.json) print(items, flags)
      else printWithNotes(items, gatewaysKeepKey ? [CACHED_KEYS] : [])
    })
}
