// The server that a command administers: the database of this machine, or a remote server by its URL or its profile.
import { isOrigin } from '@latchkey/verifier/internal'
import { StartRefused } from '../../errors.ts'
import { type Environment, REMOTE_VARIABLES, isSet } from '../../settings/environment.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { LOCAL, currentProfile, readProfile } from './profiles.ts'

/** Flags of every command. */
export type ServerFlags = { url?: string; credentials?: string; profile?: string }

/** `origin` is the issuer, and the address of the admin API. */
export type RemoteServer = { origin: string; credentials: Credentials }

let chosen: ServerFlags = {}

/** Keeps the flags of the command that this process runs. */
export const keepServerFlags = (flags: ServerFlags): void => {
  chosen = flags
}

/**
 * The remote server that flags, variables or the profile in use name, in this order; null for the database of this
 * machine.
 * @throws StartRefused for an address that is not secure, and for missing credentials
 */
export const remoteServer = (
  environment: Environment,
  flags: ServerFlags = chosen,
): RemoteServer | null => {
  const place = placeOf(environment, flags)
  if (place === null) return null
  if ('profile' in place) {
    const { url, credentials } = readProfile(environment, place.profile)
    return { origin: originOf(url), credentials }
  }
  const origin = originOf(place.url)
  return { origin, credentials: credentialsOf(environment, flags) }
}

type Place = { url: string } | { profile: string } | null

const placeOf = (environment: Environment, flags: ServerFlags): Place => {
  if (flags.url !== undefined && flags.profile !== undefined) {
    throw new StartRefused('--url and --profile must not both be given')
  }
  if (flags.url !== undefined) return { url: flags.url }
  if (flags.profile !== undefined) return profilePlace(flags.profile)
  const url = textOf(environment, REMOTE_VARIABLES.url)
  const profile = textOf(environment, REMOTE_VARIABLES.profile)
  if (url !== null && profile !== null) {
    throw new StartRefused(
      `${REMOTE_VARIABLES.url} and ${REMOTE_VARIABLES.profile} must not both be set`,
    )
  }
  if (url !== null) return { url }
  return profilePlace(profile ?? currentProfile(environment) ?? LOCAL)
}

const profilePlace = (profile: string): Place => (profile === LOCAL ? null : { profile })

const textOf = (environment: Environment, name: string): string | null => {
  const value = environment[name]
  return isSet(value) ? String(value) : null
}

/** A slash at the end belongs to no issuer, and people copy it from their browser. */
export const originOf = (url: string): string => {
  const origin = url.replace(/\/$/, '')
  if (isOrigin(origin)) return origin
  throw new StartRefused(
    'the URL must be the issuer of the server: an https origin without user, path, query and fragment (http for ' +
      'localhost only)',
  )
}

/** @throws StartRefused for missing or contradictory credentials */
export const credentialsOf = (environment: Environment, flags: ServerFlags): Credentials => {
  if (flags.credentials !== undefined) return readCredentials(flags.credentials)
  const clientId = textOf(environment, REMOTE_VARIABLES.clientId)
  const clientSecret = textOf(environment, REMOTE_VARIABLES.clientSecret)
  const file = textOf(environment, REMOTE_VARIABLES.credentials)
  if (file !== null && clientSecret !== null) {
    throw new StartRefused(
      `${REMOTE_VARIABLES.credentials} and ${REMOTE_VARIABLES.clientSecret} must not both be set`,
    )
  }
  if (file !== null) return readCredentials(file)
  if (clientId !== null && clientSecret !== null) return { clientId, clientSecret }
  throw new StartRefused(
    `credentials of an administrator are missing: name their file with --credentials or ${REMOTE_VARIABLES.credentials}, or ` +
      `set ${REMOTE_VARIABLES.clientId} and ${REMOTE_VARIABLES.clientSecret}`,
  )
}
