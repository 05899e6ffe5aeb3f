import type { Command } from 'commander'
import type { Perform } from '../admin/api/actions.ts'
import {
  DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS,
  MAX_PREVIOUS_EXPIRES_IN_SECONDS,
} from '../constants.ts'
import { escapeText } from '../text/text.ts'
import { time } from '../text/times.ts'
import { relativeTime } from './cells.ts'
import { withoutUndefined, command, wholeNumber } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { safety } from './safety.ts'
import { perform, withSession } from './session.ts'

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
      let isUntold = isTold()
      const added = await withSession(async (session) => {
        if (isUntold) await tellEnds(session, client, flags.previousExpiresIn)
        isUntold = false // the steps run twice where a rehearsal precedes a question
        return await session('secret.add', { client_id: client, body })
      })
      print(added, flags)
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

/** True if a person reads standard error, or has asked for a dry run. */
const isTold = (): boolean => process.stderr.isTTY === true || safety().isDryRun

/** Tells, before a secret is added, which others it ends, and when. A client that does not exist is refused later. */
const tellEnds = async (
  session: Perform,
  client: string,
  seconds = DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS,
): Promise<void> => {
  const { items } = await session('secret.list', { client_id: client }).catch(() => ({ items: [] }))
  const now = Math.floor(Date.now() / 1000)
  const end = time(now + seconds)
  for (const { secret_id: id, name, hint, expires_at: expiresAt } of items) {
    if (expiresAt !== null && Date.parse(expiresAt) <= Date.parse(end)) continue
    const label = name === null ? `…${hint}` : `${name}, …${hint}`
    const line = `ends ${relativeTime(end, now * 1000)}, ${end}: ${id} (${label})`
    process.stderr.write(`latchkey: ${escapeText(line)}\n`)
  }
}
