// Commands as the completion scripts need them, read from the command table itself. Pure: no I/O.
import type { Command, Option } from 'commander'
import { SERVER_FLAGS, refusalOf } from '../remote/flags.ts'
import { valuesOf } from './values.ts'

/** A flag. `value`: what follows it. */
export type Flag = {
  long: string
  short: string | null
  description: string
  value: 'none' | 'file' | 'text' | 'choice'
  /** Values of a choice. */
  values: readonly string[]
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

const HELP: Flag = {
  long: '--help',
  short: '-h',
  description: 'show the help',
  value: 'none',
  values: [],
}

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
      flags: [
        ...[...program.options, ...further].flatMap((option) => flagOf(option, words[0] ?? '')),
        HELP,
      ],
      takesFile: args.some((argument) => argument.name() === 'FILE'),
    },
    ...below,
  ]
}

const isServerFlag = (option: Option): boolean =>
  (SERVER_FLAGS as readonly string[]).includes(option.attributeName())

const flagOf = (option: Option, noun: string): Flag[] => {
  const { long, short, description } = option
  if (typeof long !== 'string') return []
  const values = valuesOf(noun, option.flags)
  return [{ long, short: short ?? null, description, value: kindOf(option, values), values }]
}

const kindOf = (
  { required, optional, flags }: Option,
  values: readonly string[],
): Flag['value'] => {
  if (!required && !optional) return 'none'
  if (values.length > 0) return 'choice'
  return flags.includes('<FILE>') ? 'file' : 'text'
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
  const patterns = flagsOf(nodes, kind).flatMap(placesOf)
  return patterns.length === 0 ? null : patterns.join('|')
}

/** Sets of values, each with the patterns of `case` for the places behind its flags. */
export const choicePatterns = (
  nodes: readonly Node[],
): { values: readonly string[]; patterns: string }[] => {
  const places = flagsOf(nodes, 'choice')
  const sets = new Set(places.map(({ flag }) => flag.values.join(' ')))
  return [...sets].map((set) => ({
    values: set.split(' '),
    patterns: places
      .filter(({ flag }) => flag.values.join(' ') === set)
      .flatMap(placesOf)
      .join('|'),
  }))
}

type Place = { words: readonly string[]; flag: Flag }

const flagsOf = (nodes: readonly Node[], kind: Flag['value']): Place[] =>
  nodes.flatMap(({ words, flags }) =>
    flags.filter(({ value }) => value === kind).map((flag) => ({ words, flag })),
  )

const placesOf = ({ words, flag }: Place): string[] =>
  namesOf(flag).map((name) => quoted(`${keyOf(words)}|${name}`))
