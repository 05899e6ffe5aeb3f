// Commands as the completion scripts need them, read from the command table itself. Pure: no I/O.
import type { Command, Option } from 'commander'
import { SERVER_FLAGS, refusalOf } from '../remote/flags.ts'

/** A flag. `value`: what follows it. */
export type Flag = {
  long: string
  short: string | null
  description: string
  value: 'none' | 'file' | 'text'
}

type Choice = { name: string; description: string }

/** A command by its words, such as `['client', 'create']`; the program itself has none. */
export type Node = {
  words: readonly string[]
  /** Commands below it, or the values of its argument. */
  choices: readonly Choice[]
  flags: readonly Flag[]
  /** True for a command with a file as an argument. */
  takesFile: boolean
}

const HELP: Flag = { long: '--help', short: '-h', description: 'show the help', value: 'none' }

/** The words behind `help` are completed as if they followed the program. */
const HELP_COMMAND: Choice = { name: 'help', description: 'show the help of a command' }

/**
 * The program and all its commands.
 * @param inherited flags of the program that may stand behind a command, too
 */
export const nodesOf = (
  program: Command,
  words: readonly string[] = [],
  inherited: readonly Option[] = program.options.filter(isServerFlag),
): Node[] => {
  const below = program.commands.flatMap((child) =>
    nodesOf(child, [...words, child.name()], inherited),
  )
  const further = inherited.filter(
    (option) => below.length === 0 && refusalOf(option.attributeName(), words) === null,
  )
  const args = program.registeredArguments
  const values = args.flatMap(({ argChoices = [] }) => argChoices)
  return [
    {
      words,
      choices: [
        ...program.commands.map((child) => ({
          name: child.name(),
          description: child.description(),
        })),
        ...values.map((name) => ({ name, description: '' })),
        ...(words.length === 0 ? [HELP_COMMAND] : []),
      ],
      flags: [...[...program.options, ...further].flatMap(flagOf), HELP],
      takesFile: args.some((argument) => argument.name() === 'FILE'),
    },
    ...below,
  ]
}

const isServerFlag = (option: Option): boolean =>
  (SERVER_FLAGS as readonly string[]).includes(option.attributeName())

const flagOf = ({ long, short, description, required, optional, flags }: Option): Flag[] => {
  if (typeof long !== 'string') return []
  const value = flags.includes('<FILE>') ? 'file' : 'text'
  return [{ long, short: short ?? null, description, value: required || optional ? value : 'none' }]
}

/** The key of a command in a script: each word with a space before it. */
export const keyOf = (words: readonly string[]): string => words.map((word) => ` ${word}`).join('')

/** The names of a flag. */
export const namesOf = ({ long, short }: Flag): string[] =>
  short === null ? [long] : [long, short]

/** Quotes a text for bash and zsh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Patterns of `case` for the keys of all commands. */
export const commandPatterns = (nodes: readonly Node[], separator: string): string =>
  nodes
    .filter(({ words }) => words.length > 0)
    .map(({ words }) => quoted(keyOf(words)))
    .join(separator)

/** Patterns of `case` for the places behind a flag whose value is of this kind; null where no command has one. */
export const valuePatterns = (nodes: readonly Node[], kind: Flag['value']): string | null => {
  const patterns = nodes.flatMap(({ words, flags }) =>
    flags
      .filter(({ value }) => value === kind)
      .flatMap((flag) => namesOf(flag).map((name) => quoted(`${keyOf(words)}|${name}`))),
  )
  return patterns.length === 0 ? null : patterns.join('|')
}
