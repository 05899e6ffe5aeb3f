// Profiles: named servers with credentials, below `$XDG_CONFIG_HOME/latchkey`, or `~/.config/latchkey`. One file (0600) a
// profile, and one with the name of the profile in use.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { MAX_PROFILE_NAME_CHARS } from '../../constants.ts'
import { StartRefused } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { requirePrivateCredentials } from '../../node/files/file-modes.ts'
import { createSecretFile, readIfExists } from '../../node/files/secret-files.ts'
import type { Environment } from '../../settings/environment.ts'
import { shownValue } from '../../text/redaction.ts'
import { type Credentials, parseCredentials } from './credentials.ts'

export type Profile = { name: string; url: string; credentials: Credentials }

/** Name for the database of this machine. No profile has it. */
export const LOCAL = 'local'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const PRIVATE_DIRECTORY = 0o700
const PRIVATE_FILE = 0o600

/** The folder; null for a user without a home. A relative XDG_CONFIG_HOME is ignored, as the XDG specification requires. */
const folderOf = (environment: Environment): string | null => {
  const chosen = environment['XDG_CONFIG_HOME']
  if (typeof chosen === 'string' && isAbsolute(chosen)) return join(chosen, 'latchkey')
  try {
    return join(homedir(), '.config', 'latchkey')
  } catch {
    return null // a container's user has no home
  }
}

const requireFolder = (environment: Environment): string => {
  const folder = folderOf(environment)
  if (folder !== null) return folder
  throw new StartRefused('this user has no home for profiles: set XDG_CONFIG_HOME')
}

const requireName = (name: string): string => {
  if (NAME.test(name) && name.length <= MAX_PROFILE_NAME_CHARS) return name
  throw new StartRefused(
    `${shownValue(name)} cannot name a profile: use 1 to ${MAX_PROFILE_NAME_CHARS} letters, digits, dots, hyphens and ` +
      'underscores, a letter or digit first',
  )
}

const fileOf = (environment: Environment, name: string): string =>
  join(requireFolder(environment), 'profiles', `${requireName(name)}.json`)

const currentFile = (folder: string): string => join(folder, 'current')

/** @throws StartRefused for a profile that does not exist, or whose file other users can read */
export const readProfile = (environment: Environment, name: string): Profile => {
  const path = fileOf(environment, name)
  requirePrivateCredentials(path, { mounted: false })
  const text = readIfExists(path)
  if (text === null)
    throw new StartRefused(`there is no profile ${name}: see latchkey profile list`)
  const url = parseJsonObject(text)?.['url']
  if (typeof url !== 'string') throw new StartRefused(`${path} has no url`)
  return { name, url, credentials: parseCredentials(text, path) }
}

/** Names of all profiles, in the order of the alphabet. */
export const profileNames = (environment: Environment): string[] => {
  const folder = folderOf(environment)
  if (folder === null || !existsSync(join(folder, 'profiles'))) return []
  return readdirSync(join(folder, 'profiles'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((name) => NAME.test(name))
    .sort()
}

/** Name of the profile in use; null for none. */
export const currentProfile = (environment: Environment): string | null => {
  const folder = folderOf(environment)
  const name = folder === null ? null : readIfExists(currentFile(folder))
  return name?.trim() || null
}

/** @throws StartRefused for the name of an existing profile, and for `local` */
export const addProfile = (
  environment: Environment,
  { name, url, credentials: { clientId, clientSecret } }: Profile,
): void => {
  requireUnused(environment, name)
  const path = fileOf(environment, name)
  mkdirSync(join(requireFolder(environment), 'profiles'), {
    recursive: true,
    mode: PRIVATE_DIRECTORY,
  })
  const members = { url, client_id: clientId, client_secret: clientSecret }
  createSecretFile(path, `${JSON.stringify(members, null, 2)}\n`)
}

/** @throws StartRefused for a name that cannot be given to a new profile */
export const requireUnused = (environment: Environment, name: string): void => {
  if (name === LOCAL) throw new StartRefused('local names the database of this machine')
  if (!existsSync(fileOf(environment, name))) return
  throw new StartRefused(`the profile ${name} exists: remove it first`)
}

/** @throws StartRefused for a name that `chooseProfile` would refuse */
export const requireChoice = (environment: Environment, name: string): void => {
  requireFolder(environment)
  if (name !== LOCAL) readProfile(environment, name)
}

/** Uses a profile for every later command; `local` uses none. */
export const chooseProfile = (environment: Environment, name: string): void => {
  requireChoice(environment, name)
  const path = currentFile(requireFolder(environment))
  if (name === LOCAL) return rmSync(path, { force: true })
  writeFileSync(path, `${name}\n`, { mode: PRIVATE_FILE })
}

/** @throws StartRefused for a profile that does not exist. Its file need not be readable. */
export const requireProfile = (environment: Environment, name: string): void => {
  if (existsSync(fileOf(environment, name))) return
  throw new StartRefused(`there is no profile ${name}: see latchkey profile list`)
}

/** Removes a profile, which also ends its use. */
export const removeProfile = (environment: Environment, name: string): void => {
  requireProfile(environment, name)
  rmSync(fileOf(environment, name))
  if (currentProfile(environment) === name) chooseProfile(environment, LOCAL)
}
