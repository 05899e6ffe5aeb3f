// The command line: all commands, and the settings that they share.
import { Command, CommanderError } from 'commander'
import { VERSION } from '../constants.ts'
import { hideSecrets } from '../text/redaction.ts'
import { escapeLines } from '../text/text.ts'
import { takesOneValue } from './flags.ts'
import { commandWords, withServerFlags } from './remote/flags.ts'
import { addSafety } from './safety.ts'

type Register = (program: Command) => void

/** Commands of one file. `needsAll`: they read the table of all commands. */
type File = { words: string[]; load: () => Promise<Register>; needsAll?: boolean }

/** Files of the commands, in the order of the help, with the first words of their commands. */
const FILES: readonly File[] = [
  { words: ['serve', 'demo'], load: async () => (await import('./server.ts')).server },
  {
    words: ['migrate', 'backup', 'restored'],
    load: async () => (await import('./database.ts')).database,
  },
  { words: ['status'], load: async () => (await import('./status.ts')).status },
  { words: ['doctor'], load: async () => (await import('./doctor/doctor.ts')).doctor },
  { words: ['profile'], load: async () => (await import('./profile.ts')).profile },
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
  {
    words: ['completion'],
    load: async () => (await import('./completion/completion.ts')).completion,
    needsAll: true,
  },
]

/** Loads the file of one command, and all files for other words: the help and a suggestion name every command. */
export const createProgram = async (word: string): Promise<Command> => {
  const program = new Command('latchkey')
    .description('OAuth 2.0 authorization server for machines that act for a plugin')
    // A usage error quotes arguments, with secrets removed. Commands that are added later inherit this setting.
    .configureOutput({ outputError: (text, write) => write(escapeLines(hideSecrets(text))) })
    .version(VERSION, '-V, --version', 'print the version')
    .helpCommand('help [command...]', 'show the help of a command')
    .addHelpText('after', '\nExample:\n  $ latchkey help client create')
  withServerFlags(program)
  const named = FILES.filter(({ words }) => words.includes(word))
  const isOne = named.some(({ needsAll }) => !needsAll)
  for (const { load } of isOne ? named : FILES) {
    const register = await load()
    register(program)
  }
  addSafety(program)
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

/** Arguments of a command that begin with a dash, and are no options. */
const DASHED: readonly (readonly [command: RegExp, id: RegExp])[] = [
  [/^key /, /^-[\w-]{42}$/],
  [/^token show /, /^-[\w-]{21}$/],
]

/**
 * Moves kids and token ids behind `--`. They are base64url, and one in 64 begins with a dash, which would be parsed as an
 * option: an operator who revokes a key in an emergency should not meet that error first.
 */
const moveIdsBehindDashes = (args: readonly string[]): string[] => {
  const words = commandWords(args.slice(2)).join(' ')
  const id = DASHED.find(([command]) => command.test(words))?.[1]
  const isId = (word: string): boolean => id?.test(word) === true
  if (args.includes('--') || !args.some(isId)) return [...args]
  return [...args.filter((word) => !isId(word)), '--', ...args.filter(isId)]
}

/**
 * Replaces `help client create` by `client create --help`: Commander shows the help of the noun. The words end at the
 * first one that names no command, which is then refused. Words behind a verb are dropped: they must not be run.
 */
const withNestedHelp = (program: Command, [first, ...words]: readonly string[]): string[] => {
  if (first !== 'help' || words.length === 0) return first === undefined ? [] : [first, ...words]
  let command = program
  const path: string[] = []
  for (const word of words) {
    if (command.commands.length === 0) break
    path.push(word)
    const child = command.commands.find((one) => one.name() === word)
    if (child === undefined) return path
    command = child
  }
  return [...path, '--help']
}

/**
 * Runs the command that the arguments name. Wrong usage sets exit status 2.
 * @param args `process.argv`
 */
export const runCommand = async (args: readonly string[]): Promise<void> => {
  try {
    const [node = '', script = '', ...words] = moveIdsBehindDashes(args)
    const [first, named = ''] = words
    const program = await createProgram(first === 'help' ? named : (commandWords(words)[0] ?? ''))
    await program.parseAsync([node, script, ...withNestedHelp(program, words)])
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
