import type { Command } from 'commander'
import { inspectToken, issueTokenFor } from '../admin/tokens.ts'
import { command, readJsonFile, readToken } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform, withAdmin } from './session.ts'

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
      print(await withAdmin((call) => issueTokenFor(call, client, request)), flags)
    })

  command(
    noun,
    'inspect <->',
    'decode the token on standard input, and tell whether it is active, or why not',
    'token inspect - < token.json',
  ).action(async (argument: string, flags: { json?: boolean }, command: Command) => {
    const text = await readToken(argument, command)
    const { claims, ...state } = await withAdmin((call) => inspectToken(call, text))
    print(flags.json ? { ...state, claims } : { ...state, ...claims }, flags)
  })

  command(
    noun,
    'revoke <->',
    'revoke the token on standard input',
    'token revoke - < token.json',
  ).action(async (argument: string, flags: { json?: boolean }, command: Command) => {
    const text = await readToken(argument, command)
    print(await perform('token.revoke', { body: { token: text } }), flags)
  })

  listCommand(noun, 'list unexpired tokens of a client or a run, revoked or not', 'token.list', [
    ['--client <ID>', 'client_id', 'tokens of this client'],
    ['--run <IDENTIFIER>', 'run', 'tokens of this run'],
    ['--workspace <ID>', 'workspace_id', 'only tokens of this workspace'],
  ])
}
