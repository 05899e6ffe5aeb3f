// `--dry-run` of every command that changes something, and `--yes` of those that can end something.
import type { Command } from 'commander'

/** Commands that change nothing, or that `--dry-run` does not concern. Every other command has `--dry-run`. */
const WITHOUT_CHANGE: ReadonlySet<string> = new Set([
  'serve',
  'demo',
  'doctor',
  'status',
  'completion',
  'token inspect',
  'audit verify',
  'audit export',
])

/**
 * Commands that can end clients, secrets, keys or tokens. On a terminal they ask first. `token revoke` ends exactly one
 * token, which it names, and may be urgent: it does not ask.
 */
const ENDING: ReadonlySet<string> = new Set([
  'restored',
  'audience update',
  'plugin update',
  'plugin disable',
  'plugin delete',
  'plugin revoke-tokens',
  'workspace suspend',
  'client grant',
  'client details',
  'client disable',
  'client delete',
  'client revoke-tokens',
  'secret add',
  'secret revoke',
  'resource put',
  'resource delete',
  'enrollment revoke',
  'run revoke',
  'key revoke',
])

export type Safety = {
  isDryRun: boolean
  asks: boolean
  /** True for a command that deletes: it cannot be undone, and its question does not depend on what else ends. */
  isDeletion: boolean
}

let chosen: Safety = { isDryRun: false, asks: false, isDeletion: false }

/** The flags of the command that runs. */
export const safety = (): Safety => chosen

/** Notes a dry run of a command that ends nothing, on standard error. */
export const noteDryRun = (): void => {
  if (chosen.isDryRun) process.stderr.write('latchkey: dry run, nothing was changed\n')
}

/** True where a person can be asked: the question goes to standard error, so that standard output stays the answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** `client disable` for the command of that name; `serve` for one without a noun. */
const pathOf = (command: Command): string =>
  command.parent?.parent == null ? command.name() : `${command.parent.name()} ${command.name()}`

export const isChange = (path: string): boolean =>
  !WITHOUT_CHANGE.has(path) && !/^\S+ (list|show)$/.test(path)

/** Adds the flags to the commands of a program, and reads them before a command runs. */
export const addSafety = (program: Command): void => {
  for (const command of leavesOf(program)) {
    const path = pathOf(command)
    if (!isChange(path)) continue
    command.option('--dry-run', 'print what would change, and change nothing')
    if (ENDING.has(path)) command.option('--yes', 'do not ask before something ends')
  }
  program.hook('preAction', (_, command) => {
    const { dryRun = false, yes = false } = command.opts<{ dryRun?: boolean; yes?: boolean }>()
    const path = pathOf(command)
    chosen = {
      isDryRun: dryRun,
      asks: ENDING.has(path) && !yes,
      isDeletion: path.endsWith(' delete'),
    }
  })
}

const leavesOf = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
