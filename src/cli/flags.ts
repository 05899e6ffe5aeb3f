// Flags that several commands share, and the parsers of their values.
import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Action, InputOf } from '../admin/api/actions.ts'
import {
  MAX_JSON_BYTES,
  MAX_TOKEN_BYTES,
  MAX_TOKEN_TTL_SECONDS,
  MIN_TOKEN_TTL_SECONDS,
} from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { parseJson } from '../json.ts'
import { shownValue } from '../text/redaction.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

/** Help of `--ttl`, of a client and of an audience. */
export const TOKEN_TTL_HELP = `lifetime of its tokens, ${MIN_TOKEN_TTL_SECONDS} to ${MAX_TOKEN_TTL_SECONDS}`

/** `--env` of the commands that create a client. */
export const envFlag = (): Option =>
  new Option('--env', 'print CLIENT_ID=… and CLIENT_SECRET=… for a shell').conflicts('json')

/** Collects the values of a repeatable flag: `--plugin a --plugin b`. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value]

export const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Parses `N/min`. */
export const quota = (text: string): number => {
  const match = /^(\d{1,9})\/min$/.exec(text)
  if (match === null)
    throw new InvalidArgumentError('It must be a number a minute, such as 60/min.')
  return Number(match[1])
}

/** Parses `AUDIENCE=PERM PERM`, split at the last `=`: an audience can be a URI with a query. */
export const grant = (
  text: string,
  before: { audience: string; permissions: string[] }[] = [],
): { audience: string; permissions: string[] }[] => {
  const equals = text.lastIndexOf('=')
  if (equals < 1) {
    throw new InvalidArgumentError("It must be 'AUDIENCE=PERMISSION PERMISSION'.")
  }
  const permissions = text
    .slice(equals + 1)
    .split(' ')
    .filter(Boolean)
  return [...before, { audience: text.slice(0, equals), permissions }]
}

/** Parses `NAME`, or `NAME>IMPLIED,IMPLIED`. */
export const permission = (
  text: string,
  before: { name: string; implies: string[] }[] = [],
): { name: string; implies: string[] }[] => {
  const [name = '', ...rest] = text.split('>')
  if (rest.length > 1)
    throw new InvalidArgumentError("It must be 'NAME' or 'NAME>IMPLIED,IMPLIED'.")
  return [...before, { name, implies: (rest[0] ?? '').split(',').filter(Boolean) }]
}

const COLLECTING: readonly unknown[] = [collect, grant, permission]

/** True for a flag that has a value and may not be repeated. */
export const takesOneValue = ({ required, optional, parseArg }: Option): boolean =>
  (required || optional) && !COLLECTING.includes(parseArg)

/** Reads the JSON of a file; `-` is standard input. @throws OperationRefused */
export const readJsonFile = async (path: string): Promise<unknown> => {
  try {
    return parseJson(path === '-' ? await readStdin() : await readFile(path, 'utf8'))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is not JSON with unique members'
    throw new OperationRefused('invalid_value', `${shownValue(path)}: cannot be read (${reason})`)
  }
}

/** Reads standard input, and stops behind the limit. */
export const readStdin = async (limit = MAX_JSON_BYTES): Promise<string> => {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > limit) break
  }
  return text
}

/** Adds a command with `--json` and an example in its help. */
export const command = (
  parent: Command,
  usage: string,
  description: string,
  example: string,
): Command =>
  parent
    .command(usage)
    .description(description)
    .option('--json', 'print one JSON value')
    .addHelpText('after', `\nExample:\n  $ latchkey ${example}`)

/** Actions whose only input is the parameter of this name in their path. */
type SingleAction<Parameter extends string> = {
  [A in Action]: { [K in Parameter]: string } extends InputOf<A> ? A : never
}[Action]

/** A command that accepts one id and no other input: `client disable ID`. */
export type SingleCommand<Parameter extends string> = readonly [
  usage: string,
  description: string,
  action: SingleAction<Parameter>,
]

/** Adds commands with one id. `parameter` is its name in the path of the actions; `id` is an example. */
export const singleCommands = <const Parameter extends string>(
  noun: Command,
  { parameter, id: exampleId }: { parameter: Parameter; id: string },
  commands: readonly SingleCommand<Parameter>[],
): void => {
  for (const [usage, description, action] of commands) {
    const example = `${noun.name()} ${usage.replace(/<\w+>/, exampleId)}`
    command(noun, usage, description, example).action(
      async (id: string, flags: { json?: boolean }) =>
        print(await perform(action, { [parameter]: id } as InputOf<typeof action>), flags),
    )
  }
}

/** Removes members that are undefined, because a flag was left out; an empty value is kept. */
export const withoutUndefined = <T extends Record<string, unknown>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/**
 * Reads a token from standard input, named `-`: an argument would stay in the shell's history and the process list. The
 * whole response of the token endpoint is accepted, too.
 */
export const readToken = async (argument: string, command: Command): Promise<string> => {
  if (argument !== '-') {
    command.error('error: the token is read from standard input: use - and pipe it in')
  }
  const text = (await readStdin(2 * MAX_TOKEN_BYTES)).trim()
  if (text === '') throw new OperationRefused('invalid_value', 'standard input has no token')
  if (!text.startsWith('{')) return text
  try {
    return String((JSON.parse(text) as { access_token?: unknown }).access_token)
  } catch {
    throw new OperationRefused(
      'invalid_value',
      'standard input is neither a token nor a token response',
    )
  }
}
