// Configuration: environment variables, read once and checked together. Pure: the caller passes the
// environment.
import { decodeBase64url, isLoopbackHost, isOrigin } from '@latchkey/verifier/internal'
import { z } from 'zod'
import {
  DEFAULT_AUDIT_RETENTION_SECONDS,
  DEFAULT_KEY_ROTATION_SECONDS,
  DEFAULT_TOKEN_TTL_SECONDS,
  KEK_BYTES,
  MAX_TOKEN_TTL_SECONDS,
  MIN_TOKEN_TTL_SECONDS,
} from './constants.ts'
import { type Environment, chosenSettings, unknownSettings } from './settings/environment.ts'
import { StartRefused } from './errors.ts'
import { pathError } from './settings/path.ts'
import { ALGORITHM_LIST, type Algorithm, isAlgorithm } from './signing/algorithms.ts'

const DEFAULT_PORT = 8787
const HOUR = 60 * 60
const DAY = 24 * HOUR
const YEAR = 365 * DAY
const UNIT_SECONDS = { s: 1, m: 60, h: HOUR, d: DAY, y: YEAR } as const

/**
 * True if only this machine can reach the server: then `/metrics` needs no token. An https issuer
 * means that there is a proxy before the server, which may be on this machine and may add no
 * header.
 */
export const hasOpenMetrics = ({ host, issuer, trustedProxies }: Config): boolean =>
  isLoopbackHost(host.includes(':') ? `[${host}]` : host) &&
  trustedProxies.length === 0 &&
  !issuer.startsWith('https:')

/**
 * An issuer (RFC 8414 §2) without a path. Verifiers compare a token's `iss` with it character by
 * character.
 */
const issuer = z.string().refine(isOrigin, {
  error: 'must be an https origin without path, query or fragment (http for localhost only)',
})

const integer = (min: number, max: number, what: string) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be ${what} from ${min} to ${max}`,
    })
    .transform(Number)

const algorithms = z
  .string()
  .transform((text) => text.split(','))
  .refine((names) => names.every(isAlgorithm) && new Set(names).size === names.length, {
    error: `must be a comma-separated list of ${ALGORITHM_LIST}, each once`,
  })
  .refine((names) => names.includes('RS256'), {
    error: 'must have RS256 among them (RFC 9068 §2.1)',
  })
  .transform((names) => names as Algorithm[])

/** Parses `off` to null, and a duration such as `90d` to seconds. */
const duration = (min: number, max: number, error: string) =>
  z
    .string()
    .transform((text) => {
      const match = /^(\d{1,6})([smhdy])$/.exec(text)
      if (text === 'off') return null
      return match ? Number(match[1]) * UNIT_SECONDS[match[2] as keyof typeof UNIT_SECONDS] : NaN
    })
    .refine((seconds) => seconds === null || (seconds >= min && seconds <= max), { error })

const rotation = duration(HOUR, YEAR, 'must be off, or a duration from 1h to 365d such as 90d')
const retention = duration(DAY, 10 * YEAR, 'must be off, or a duration from 1d to 10y such as 400d')

/** Parses a key-encryption key from the environment or a file; null for any other text. */
export const parseKek = (text: string): Uint8Array | null => {
  const bytes = decodeBase64url(text)
  return bytes?.length === KEK_BYTES ? bytes : null
}

const kek = z
  .string()
  .transform(parseKek)
  .refine((key) => key !== null, {
    error: `must be ${KEK_BYTES} bytes in base64url without padding`,
  })

const path = z.string().superRefine((text, context) => {
  const message = pathError(text)
  if (message !== null) context.addIssue({ code: 'custom', message })
})

const isIpv4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255)

/**
 * An address or a host name to listen on. The system would look up a URL, brackets or a port as a
 * host name.
 */
const host = z
  .string()
  .regex(/^([A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|(?=.*:.*:)[0-9A-Fa-f.:]+(%[\w.-]+)?)$/, {
    error: 'must be an address or a host name, without scheme, brackets and port',
  })
  .refine((text) => !/^[\d.]+$/.test(text) || isIpv4(text), {
    error: 'must be an address of four numbers from 0 to 255, or a host name',
  })

const databaseUrl = z
  .string()
  .refine((text) => !/^postgres(ql)?:/.test(text), {
    error: 'names PostgreSQL, which this version cannot use yet; use file:PATH',
  })
  .refine((text) => !text.includes(':memory:'), {
    error: 'must be file:PATH; a database in memory would be lost with the process',
  })
  .refine((text) => /^file:(?!\/\/[^/])./s.test(text), {
    error: 'must be file:PATH, with file: in small letters and without a host',
  })
  .transform((text) => text.replace(/^file:(\/\/(?=\/))?/, ''))
  .pipe(path)

const SCHEMA = z.object({
  LATCHKEY_ISSUER: issuer.optional(),
  LATCHKEY_HOST: host.default('127.0.0.1'),
  LATCHKEY_PORT: integer(0, 65535, 'a port').default(DEFAULT_PORT),
  LATCHKEY_DATABASE_URL: databaseUrl.default('./data/latchkey.db'),
  LATCHKEY_KEYS_DIR: path.default('./keys'),
  LATCHKEY_KEK: kek.optional(),
  LATCHKEY_KEK_FILE: path.optional(),
  LATCHKEY_TOKEN_TTL: integer(MIN_TOKEN_TTL_SECONDS, MAX_TOKEN_TTL_SECONDS, 'seconds').default(
    DEFAULT_TOKEN_TTL_SECONDS,
  ),
  LATCHKEY_KEY_ROTATION: rotation.default(DEFAULT_KEY_ROTATION_SECONDS),
  LATCHKEY_AUDIT_RETENTION: retention.default(DEFAULT_AUDIT_RETENTION_SECONDS),
  LATCHKEY_ALGORITHMS: algorithms.default(['RS256']),
  LATCHKEY_WORKERS: integer(1, 64, 'a number of processes').default(1),
  LATCHKEY_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], {
      error: 'must be debug, info, warn, error or silent',
    })
    .default('info'),
  LATCHKEY_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => /^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(part)), {
      error: 'must be a comma-separated list of addresses and CIDR ranges',
    })
    .default([]),
  LATCHKEY_METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, { error: 'must be 16 or more visible characters without blanks' })
    .optional(),
})

/** The names of all settings. `SCHEMA` checks their values. */
export const SETTINGS: ReadonlySet<string> = new Set(Object.keys(SCHEMA.shape))

export type Config = Readonly<{
  /** The origin in every token, URL and document. No request changes it. */
  issuer: string
  host: string
  port: number
  /** Path of the SQLite file. */
  databasePath: string
  keysDirectory: string
  kek: Uint8Array | null
  kekFile: string | null
  tokenTtlSeconds: number
  /** Time for which a key signs before the next one does; null: until an administrator rotates. */
  keyRotationSeconds: number | null
  /** Age at which audit events are deleted; null: they are not deleted. */
  auditRetentionSeconds: number | null
  algorithms: readonly Algorithm[]
  workers: number
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  trustedProxies: readonly string[]
  metricsToken: string | null
}>

/** Returns one sentence for each setting that `loadConfig` would refuse. */
export const configErrors = (environment: Environment): string[] => {
  const known = Object.fromEntries(
    Object.entries(environment).filter(([name]) => SETTINGS.has(name)),
  )
  const invalid = SCHEMA.safeParse(chosenSettings(known, SETTINGS)).error?.issues ?? []
  const errors = [
    ...unknownSettings(environment, SETTINGS),
    ...invalid.map(({ path: [name], message }) => `${String(name)} ${message}`),
  ]
  if (errors.length > 0) return errors
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    if (error instanceof StartRefused) return [error.message]
    throw error
  }
}

/**
 * Reads the settings. A variable with an empty or blank value counts as unset. Variables that
 * Kubernetes and Docker set for a service called `latchkey` are ignored.
 * @throws StartRefused with the name of the first invalid variable and its rule, without its value
 * @example loadConfig({ LATCHKEY_ISSUER: 'https://auth.example', LATCHKEY_WORKERS: '' }).workers // 1
 */
export const loadConfig = (environment: Environment): Config => {
  const chosen = chosenSettings(environment, SETTINGS)
  const noText = Object.keys(chosen).find((name) => typeof chosen[name] !== 'string')
  if (noText !== undefined) throw new StartRefused(`${noText} must be text`)
  const { data, error } = SCHEMA.safeParse(chosen)
  if (error) {
    const [issue] = error.issues
    throw new StartRefused(`${String(issue?.path[0])} ${issue?.message}`)
  }
  if (data.LATCHKEY_KEK && data.LATCHKEY_KEK_FILE) {
    throw new StartRefused('LATCHKEY_KEK and LATCHKEY_KEK_FILE must not both be set')
  }
  if (data.LATCHKEY_PORT === 0 && !data.LATCHKEY_ISSUER) {
    throw new StartRefused('LATCHKEY_PORT 0 (any free port) needs LATCHKEY_ISSUER')
  }
  return {
    issuer: data.LATCHKEY_ISSUER ?? `http://localhost:${data.LATCHKEY_PORT}`,
    host: data.LATCHKEY_HOST,
    port: data.LATCHKEY_PORT,
    databasePath: data.LATCHKEY_DATABASE_URL,
    keysDirectory: data.LATCHKEY_KEYS_DIR,
    kek: data.LATCHKEY_KEK ?? null,
    kekFile: data.LATCHKEY_KEK_FILE ?? null,
    tokenTtlSeconds: data.LATCHKEY_TOKEN_TTL,
    keyRotationSeconds: data.LATCHKEY_KEY_ROTATION,
    auditRetentionSeconds: data.LATCHKEY_AUDIT_RETENTION,
    algorithms: data.LATCHKEY_ALGORITHMS,
    workers: data.LATCHKEY_WORKERS,
    logLevel: data.LATCHKEY_LOG_LEVEL,
    trustedProxies: data.LATCHKEY_TRUSTED_PROXIES,
    metricsToken: data.LATCHKEY_METRICS_TOKEN ?? null,
  }
}
