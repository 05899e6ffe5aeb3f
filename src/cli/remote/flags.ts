// The flags that lead a command to another server. They stand before the command or behind it.
import type { Command } from 'commander'
import { type ServerFlags, keepServerFlags } from './choice.ts'

/** Commands that have no server, and what they work on. */
const WITHOUT_SERVER: Readonly<Record<string, string>> = {
  serve: 'it runs the server on this machine',
  demo: 'it runs a server of its own',
  doctor: 'it checks the installation on this machine',
  completion: 'it prints a script for this shell',
}

export const SERVER_FLAGS = ['url', 'credentials', 'profile'] as const

/**
 * Why a command refuses a flag; null for a command that accepts it. `profile add` stores a server. The other commands of
 * the noun name one.
 */
export const refusalOf = (flag: string, words: readonly string[]): string | null => {
  const [first = '', verb] = words
  if (first === 'profile') {
    return verb === 'add' && flag !== 'profile' ? null : 'it works on the profiles of this machine'
  }
  return WITHOUT_SERVER[first] ?? null
}

/** Words of a command behind the program's name. */
const wordsOf = (command: Command): string[] =>
  command.parent === null ? [] : [...wordsOf(command.parent), command.name()]

export const withServerFlags = (program: Command): void => {
  program
    .option('--url <URL>', 'administer the server at this URL, from any machine')
    .option('--credentials <FILE>', 'credentials of an administrator for --url')
    .option('--profile <NAME>', 'administer the server of a profile; local: the database here')
    .hook('preAction', (_, command) => {
      const flags = program.opts<ServerFlags>()
      for (const flag of SERVER_FLAGS) {
        const reason = refusalOf(flag, wordsOf(command))
        if (flags[flag] !== undefined && reason !== null) {
          command.error(
            `error: --${flag} cannot be used with ${wordsOf(command).join(' ')}: ${reason}`,
          )
        }
      }
      if (flags.credentials !== undefined && flags.url === undefined) {
        command.error('error: --credentials needs --url')
      }
      keepServerFlags(flags)
    })
}

/** Words without these flags and their values: `client list` for `--url URL client list`. */
export const commandWords = (words: readonly string[]): string[] =>
  words.filter(
    (word, at) =>
      !/^--(url|credentials|profile)(=|$)/.test(word) &&
      !/^--(url|credentials|profile)$/.test(words[at - 1] ?? ''),
  )
