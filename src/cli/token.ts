import type { Command } from 'commander'
import type { AnswerOf } from '../admin/api/actions.ts'
import { command, readJsonFile, readToken, singleCommands } from './flags.ts'
import { listCommand } from './list.ts'
import { print, printWithNotes } from './output.ts'
import { UNKNOWN } from './rules.ts'
import { perform, withAdmin } from './session.ts'

type IssueFlags = {
  client: string
  audience: string
  scope?: string
  plugin?: string
  details?: string
  json?: boolean
}

type RevokeFlags = { jti?: string; json?: boolean }

export const token = (program: Command): void => {
  const noun = program.command('token').description('access tokens')

  command(
    noun,
    'issue',
    'issue a token as the client itself would get it',
    "token issue --client lkc_7hQm0c8wJ9f2S4tXb1YzKg --audience hook --scope 'hook:track'",
  )
    .requiredOption('--client <ID>', 'client of the token')
    .requiredOption('--audience <ID>', 'resource server of the token')
    .option('--scope <PERM…>', 'a part of the grant (default: the whole grant)')
    .option('--plugin <ID>', 'plugin that the client acts for')
    .option('--details <FILE>', 'authorization details, a JSON array')
    .action(async (flags: IssueFlags) => {
      const { client, audience, scope, plugin: pluginId } = flags
      const details = flags.details === undefined ? [] : await readJsonFile(flags.details)
      const request = { audience, scope, pluginId, details }
      const issued = await withAdmin(async (call) => {
        const { issueTokenFor } = await import('../admin/tokens.ts') // other commands load no signer
        return await issueTokenFor(call, client, request)
      })
      print(issued, flags)
    })

  command(
    noun,
    'inspect <->',
    'decode the token on standard input, and tell whether it is active, or why not',
    'token inspect - < token.json',
  ).action(async (argument: string, flags: { json?: boolean }, command: Command) => {
    const text = await readToken(argument, command)
    const inspected = await perform('token.inspect', { body: { token: text } })
    print(flags.json ? inspected : asLines(inspected), flags)
  })

  command(
    noun,
    'revoke [-]',
    'revoke the token on standard input, or the one with a jti',
    'token revoke - < token.json',
  )
    .option('--jti <JTI>', 'id of the token, where its text is not at hand')
    .action(async (argument: string | undefined, flags: RevokeFlags, command: Command) => {
      const { jti } = flags
      if ((argument === undefined) === (jti === undefined)) {
        command.error('error: pipe one token in and use -, or name its id with --jti')
      }
      const body = jti === undefined ? { token: await readToken(argument ?? '', command) } : { jti }
      const revoked = await perform('token.revoke', { body })
      const { known, ...shown } = revoked
      if (flags.json) print(revoked, flags)
      else if (known) print(shown, flags)
      else printWithNotes([shown], [[UNKNOWN_TOKEN]])
    })

  singleCommands(noun, { parameter: 'jti', id: '0kK3xT9vQe2mZrY7aWcB1g' }, [
    ['show <JTI>', 'show an unexpired token of the ledger, revoked or not', 'token.show'],
  ])
  listCommand(noun, 'list unexpired tokens of a client or a run, revoked or not', 'token.list', [
    ['--client <ID>', 'client_id', 'tokens of this client'],
    ['--run <IDENTIFIER>', 'run', 'tokens of this run'],
    ['--workspace <ID>', 'workspace_id', 'only tokens of this workspace'],
  ])
}

const UNKNOWN_TOKEN =
  'The ledger of this server has no unexpired token with this jti. A token that has it is revoked all the same: the rule lasts 24 hours, as long as the longest token.'

/** The rule and the claims, each member on its own line. */
const asLines = ({ rule, claims, ...state }: AnswerOf<'token.inspect'>) => ({
  ...state,
  rule: rule?.kind ?? null,
  ...(rule && {
    rule_seq: rule.seq,
    rule_created_at: rule.created_at,
    rule_created_by: rule.created_by ?? UNKNOWN,
    rule_action: rule.action,
    rule_request_id: rule.request_id,
  }),
  ...claims,
})
