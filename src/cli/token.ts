import type { Command } from 'commander'
import { revokeToken } from '../admin/revocations.ts'
import { inspectToken, issueTokenFor, listTokens } from '../admin/tokens.ts'
import { command, listCommand, readJsonFile, readToken } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type IssueFlags = {
  client: string
  audience: string
  scope?: string
  plugin?: string
  details?: string
  json?: boolean
}

export const token = (program: Command): void => {
  const noun = program.command('token').description('access tokens')

  command(
    noun,
    'issue',
    'issue a token as the client would get it',
    "token issue --client lkc_7hQm0c8wJ9f2S4tXb1YzKg --audience hook --scope 'hook:track'",
  )
    .requiredOption('--client <ID>', 'whose token')
    .requiredOption('--audience <ID>', 'which resource server it is for')
    .option('--scope <PERM…>', 'a part of the grant (default: all of it)')
    .option('--plugin <ID>', 'the plugin that it acts for')
    .option('--details <FILE>', 'authorization details, a JSON array')
    .action(async (flags: IssueFlags) => {
      const { client, audience, scope, plugin: pluginId } = flags
      const details = flags.details === undefined ? [] : await readJsonFile(flags.details)
      const request = { audience, scope, pluginId, details }
      print(await withAdmin((call) => issueTokenFor(call, client, request)), flags)
    })

  command(
    noun,
    'inspect <->',
    'what the token on standard input says, and whether it is good now',
    'token inspect - < token.json',
  ).action(async (argument: string, flags: { json?: boolean }, command: Command) => {
    const text = await readToken(argument, command)
    const { active, claims } = await withAdmin((call) => inspectToken(call, text))
    print(flags.json ? { active, claims } : { active, ...claims }, flags)
  })

  command(
    noun,
    'revoke <->',
    'take the token on standard input back',
    'token revoke - < token.json',
  ).action(async (argument: string, flags: { json?: boolean }, command: Command) => {
    const text = await readToken(argument, command)
    print(await withAdmin((call) => revokeToken(call, { token: text })), flags)
  })

  listCommand(
    noun,
    'tokens of a client or a run that have not expired, revoked or not',
    listTokens,
    [
      ['--client <ID>', 'client_id', 'those of this client'],
      ['--run <IDENTIFIER>', 'run', 'those that name this run'],
      ['--workspace <ID>', 'workspace_id', 'only those of this workspace'],
    ],
  )
}
