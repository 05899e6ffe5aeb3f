// The command line: all commands, and the settings that they share.
import { Command, CommanderError } from 'commander'
import { administrator } from './administrator.ts'
import { audience } from './audience.ts'
import { audit } from './audit.ts'
import { client } from './client.ts'
import { database } from './database.ts'
import { enrollment } from './enrollment.ts'
import { takesOneValue } from './flags.ts'
import { key, moveKidsBehindDashes } from './key.ts'
import { plugin } from './plugin.ts'
import { resource } from './resource.ts'
import { revocation } from './revocation.ts'
import { run } from './run.ts'
import { secret } from './secret.ts'
import { server } from './server.ts'
import { token } from './token.ts'
import { workspace } from './workspace.ts'
import { hideSecrets } from '../text/redaction.ts'
import { escapeLines } from '../text/text.ts'

const program = new Command('latchkey')
  .description('OAuth 2.0 authorization server for machines that act for a plugin')
  // A usage error quotes arguments, with secrets removed. Commands that are added later inherit this setting.
  .configureOutput({ outputError: (text, write) => write(escapeLines(hideSecrets(text))) })
  .addHelpText('after', '\nExample:\n  $ latchkey client create --help')
for (const register of [
  server,
  database,
  administrator,
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

/** Sets the option on each command: a subcommand inherits only the settings at the time of its creation. */
const throwInsteadOfExit = (command: Command): void => {
  command.exitOverride()
  for (const child of command.commands) throwInsteadOfExit(child)
}
throwInsteadOfExit(program)

/** Refuses a repeated flag: Commander would keep the last value, and drop the first filter or scope silently. */
const refuseRepeatedFlags = (command: Command): void => {
  for (const option of command.options.filter(takesOneValue)) {
    let isSet = false
    command.on(`option:${option.name()}`, () => {
      if (isSet) command.error(`error: option '${option.flags}' may not be repeated`)
      isSet = true
    })
  }
  for (const child of command.commands) refuseRepeatedFlags(child)
}
refuseRepeatedFlags(program)

/**
 * Runs the command that the arguments name. Wrong usage sets exit status 2.
 * @param args `process.argv`
 */
export const runCommand = async (args: readonly string[]): Promise<void> => {
  try {
    await program.parseAsync(moveKidsBehindDashes(args))
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
