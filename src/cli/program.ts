// All commands of the command line.
import { Command, CommanderError } from 'commander'
import { audience } from './audience.ts'
import { audit } from './audit.ts'
import { client } from './client.ts'
import { enrollment } from './enrollment.ts'
import { takesOneValue } from './flags.ts'
import { key, withKidsBehind } from './key.ts'
import { plugin } from './plugin.ts'
import { resource } from './resource.ts'
import { revocation } from './revocation.ts'
import { run } from './run.ts'
import { secret } from './secret.ts'
import { server } from './server.ts'
import { token } from './token.ts'
import { workspace } from './workspace.ts'
import { hideSecrets } from '../text/shown.ts'
import { escapeLines } from '../text/text.ts'

const program = new Command('latchkey')
  .description('OAuth 2.0 authorization server for machines that act for a plugin')
  // Usage errors repeat arguments, without secrets. Commands that are added later take this setting over.
  .configureOutput({ outputError: (text, write) => write(escapeLines(hideSecrets(text))) })
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

/** The last of several values would win, and a filter or a scope that was given first would be dropped without a word. */
const refuseRepeatedFlags = (command: Command): void => {
  for (const option of command.options.filter(takesOneValue)) {
    let given = false
    command.on(`option:${option.name()}`, () => {
      if (given) command.error(`error: option '${option.flags}' is given more than once`)
      given = true
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
    await program.parseAsync(withKidsBehind(args))
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
