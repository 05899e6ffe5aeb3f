// The command line: all commands, and the settings that they share.
import { Command, CommanderError } from 'commander'
import { hideSecrets } from '../text/redaction.ts'
import { escapeLines } from '../text/text.ts'
import { takesOneValue } from './flags.ts'

type Register = (program: Command) => void

/** Files of the commands, in the order of the help, with the first words of their commands. */
const FILES: { words: string[]; load: () => Promise<Register> }[] = [
  { words: ['serve', 'demo'], load: async () => (await import('./server.ts')).server },
  { words: ['migrate', 'restored'], load: async () => (await import('./database.ts')).database },
  { words: ['admin'], load: async () => (await import('./administrator.ts')).administrator },
  { words: ['audience'], load: async () => (await import('./audience.ts')).audience },
  { words: ['plugin'], load: async () => (await import('./plugin.ts')).plugin },
  { words: ['workspace'], load: async () => (await import('./workspace.ts')).workspace },
  { words: ['client'], load: async () => (await import('./client.ts')).client },
  { words: ['secret'], load: async () => (await import('./secret.ts')).secret },
  { words: ['token'], load: async () => (await import('./token.ts')).token },
  { words: ['resource'], load: async () => (await import('./resource.ts')).resource },
  { words: ['enrollment'], load: async () => (await import('./enrollment.ts')).enrollment },
  { words: ['run'], load: async () => (await import('./run.ts')).run },
  { words: ['revocation'], load: async () => (await import('./revocation.ts')).revocation },
  { words: ['key'], load: async () => (await import('./key.ts')).key },
  { words: ['audit'], load: async () => (await import('./audit.ts')).audit },
]

/** Loads the file of one command, and all files for other words: the help and a suggestion name every command. */
const createProgram = async (word: string): Promise<Command> => {
  const program = new Command('latchkey')
    .description('OAuth 2.0 authorization server for machines that act for a plugin')
    // A usage error quotes arguments, with secrets removed. Commands that are added later inherit this setting.
    .configureOutput({ outputError: (text, write) => write(escapeLines(hideSecrets(text))) })
    .addHelpText('after', '\nExample:\n  $ latchkey client create --help')
  const named = FILES.filter(({ words }) => words.includes(word))
  for (const { load } of named.length > 0 ? named : FILES) {
    const register = await load()
    register(program)
  }
  throwInsteadOfExit(program)
  refuseRepeatedFlags(program)
  return program
}

/** Sets the option on each command: a subcommand inherits only the settings at the time of its creation. */
const throwInsteadOfExit = (command: Command): void => {
  command.exitOverride()
  for (const child of command.commands) throwInsteadOfExit(child)
}

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

/**
 * Moves kids behind `--`. A kid is a thumbprint in base64url, and one in 64 begins with a dash, which would be parsed as
 * an option: an operator who revokes a key in an emergency should not meet that error first.
 */
const moveKidsBehindDashes = (args: readonly string[]): string[] => {
  const isKid = (word: string): boolean => /^-[\w-]{42}$/.test(word)
  if (args[2] !== 'key' || args.includes('--') || !args.some(isKid)) return [...args]
  return [...args.filter((word) => !isKid(word)), '--', ...args.filter(isKid)]
}

/**
 * Runs the command that the arguments name. Wrong usage sets exit status 2.
 * @param args `process.argv`
 */
export const runCommand = async (args: readonly string[]): Promise<void> => {
  try {
    const program = await createProgram(args[2] ?? '')
    await program.parseAsync(moveKidsBehindDashes(args))
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
