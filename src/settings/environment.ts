// Selects the variables that an operator has set as settings. Pure: the caller passes the
// environment.
import { StartRefused } from '../errors.ts'

export type Environment = Readonly<Record<string, unknown>>

/**
 * True for a value that is neither empty nor blank: `${VAR:-}` in a compose file gives an empty
 * one.
 */
export const isSet = (value: unknown): boolean =>
  value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '')

/** True for a process that npm has started: `npm start`, another script of a package, or `npx`. */
export const isStartedByNpm = (environment: Environment): boolean =>
  ['npm_lifecycle_event', 'npm_command', 'npm_execpath'].some((name) => isSet(environment[name]))

/**
 * Variables that a platform sets for a service called `latchkey`. Kubernetes:
 * `LATCHKEY_SERVICE_HOST`, `LATCHKEY_PORT=tcp://10.0.0.1:8787`, `LATCHKEY_PORT_8787_TCP_ADDR`.
 * Docker's links: these, `LATCHKEY_NAME` and `LATCHKEY_ENV_…`, after an alias such as `latchkey_1`
 * `LATCHKEY_1_ENV_…`.
 */
const INJECTED: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/_SERVICE_(HOST|PORT)(_[A-Z0-9_]{1,63})?$/, /^/],
  [/_PORT_\d{1,5}_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|START|END))?$/, /^/],
  [/_PORT$/, /^(tcp|udp|sctp):\/\//],
  [/_NAME$/, /^\//],
  [/^LATCHKEY_(\d{1,5}_)?ENV_/, /^/],
]

const isInjected = (name: string, value: unknown): boolean =>
  INJECTED.some(([names, values]) => names.test(name) && values.test(String(value)))

/** Variables of commands that administer a remote server. The server itself ignores them. */
export const REMOTE_VARIABLES = {
  url: 'LATCHKEY_URL',
  credentials: 'LATCHKEY_CREDENTIALS',
  clientId: 'LATCHKEY_CLIENT_ID',
  clientSecret: 'LATCHKEY_CLIENT_SECRET',
  profile: 'LATCHKEY_PROFILE',
} as const

/** Maximum number of mistyped characters in the name of a setting. */
const MAX_SLIPS = 2

const chosenVariables = (environment: Environment): [name: string, value: unknown][] =>
  Object.entries(environment).filter(([name, value]) => isSet(value) && !isInjected(name, value))

/**
 * Returns the settings that have a value.
 * @throws StartRefused for a name that looks like a setting and is none, with the name of the
 * nearest setting
 */
export const chosenSettings = (
  environment: Environment,
  settings: ReadonlySet<string>,
): Record<string, unknown> => {
  const [first] = unknownSettings(environment, settings)
  if (first !== undefined) throw new StartRefused(first)
  return Object.fromEntries(chosenVariables(environment).filter(([name]) => settings.has(name)))
}

/** Returns one sentence for each name that looks like a setting and is none. */
export const unknownSettings = (
  environment: Environment,
  settings: ReadonlySet<string>,
): string[] => {
  const known = new Set<string>([...settings, ...Object.values(REMOTE_VARIABLES)])
  return chosenVariables(environment).flatMap(([name]) =>
    known.has(name) ? [] : (unknownSetting(name, settings) ?? []),
  )
}

/**
 * The names of settings that are set without a value, in the order of `settings`. They count as
 * unset.
 */
export const emptySettings = (environment: Environment, settings: ReadonlySet<string>): string[] =>
  [...settings].filter((name) => typeof environment[name] === 'string' && !isSet(environment[name]))

/** Returns null for a variable of another program. */
const unknownSetting = (name: string, settings: ReadonlySet<string>): string | null => {
  const upper = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
  if (!upper.startsWith('L')) return null
  const [nearest] = [...settings]
    .map((setting) => ({
      setting,
      slips: distance(upper, setting),
      words: sharedWords(upper, setting),
    }))
    .sort((a, b) => rank(a) - rank(b) || a.slips - b.slips)
  const isNear = nearest !== undefined && nearest.slips <= MAX_SLIPS
  if (!upper.startsWith('LATCHKEY_') && !isNear) return null
  const isMeant = nearest !== undefined && (isNear || nearest.words > 0)
  const hint = isMeant ? `; did you mean ${nearest.setting}?` : ''
  return `${name} is not a setting of Latchkey${hint}`
}

/** Orders settings: mistyped ones first, then by the number of common words. */
const rank = ({ slips, words }: { slips: number; words: number }): number =>
  slips <= MAX_SLIPS ? -1_000 : -words

/** Counts the common words: `LATCHKEY_DATABASE` has one of `LATCHKEY_DATABASE_URL`. */
const sharedWords = (name: string, setting: string): number => {
  const words = name.split('_').slice(1)
  return setting
    .split('_')
    .slice(1)
    .filter((word) => words.includes(word)).length
}

/** The Levenshtein distance: characters to insert, delete or replace. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
