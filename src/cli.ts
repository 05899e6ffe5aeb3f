#!/usr/bin/env node
// Entry: the command line. Exit: 0 done, 1 refused (one line on standard error), 2 wrong usage.
import { Command, CommanderError } from 'commander'
import { audience } from './cli/audience.ts'
import { audit } from './cli/audit.ts'
import { client } from './cli/client.ts'
import { enrollment } from './cli/enrollment.ts'
import { key, withKidsBehind } from './cli/key.ts'
import { plugin } from './cli/plugin.ts'
import { resource } from './cli/resource.ts'
import { revocation } from './cli/revocation.ts'
import { run } from './cli/run.ts'
import { secret } from './cli/secret.ts'
import { server } from './cli/server.ts'
import { token } from './cli/token.ts'
import { workspace } from './cli/workspace.ts'
import {
  AnswerEnded,
  Conflict,
  OAuthError,
  OperationRefused,
  StartRefused,
  Unavailable,
} from './errors.ts'
import { escapeLines, escapeText } from './text.ts'

const REFUSALS = [OperationRefused, OAuthError, StartRefused, Conflict, Unavailable, AnswerEnded]

const program = new Command('latchkey')
  .description('OAuth 2.0 authorization server for machines that act for a plugin')
  // Usage errors repeat arguments. Commands that are added later take this setting over.
  .configureOutput({ outputError: (text, write) => write(escapeLines(text)) })
  .addHelpText('after', '\nExample:\n  $ latchkey client create --help')
for (const register of [
  server,
  audience,
  plugin,
  workspace,
  client,
  secret,
  token,
  resource,
  enrollment,
  run,
  revocation,
  key,
  audit,
]) {
  register(program)
}

/** Sub-commands take the setting over only when they are made, so it is set on each. */
const throwInsteadOfExit = (command: Command): void => {
  command.exitOverride()
  for (const child of command.commands) throwInsteadOfExit(child)
}
throwInsteadOfExit(program)

try {
  await program.parseAsync(withKidsBehind(process.argv))
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else if (REFUSALS.some((type) => error instanceof type)) {
    process.stderr.write(`latchkey: ${escapeText((error as Error).message)}\n`)
    process.exitCode = 1
  } else {
    throw error
  }
}
