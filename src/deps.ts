// The dependencies that the app is given, and their assembly.
import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { type Audit, createAudit } from './audit/record.ts'
import type { Ledger } from './store/ledger.ts'
import type { Log } from './log.ts'
import type { RandomBytes } from './secret.ts'
import type { Algorithm } from './signing/algorithms.ts'
import type { PageHost } from './revocation/page-host.ts'
import type { RevocationWatch } from './revocation/watch.ts'
import { type Signer, createSigner } from './signing/signer.ts'
import type { Store } from './store/store.ts'

/** Values that a refused request sent, for its log line. */
export type Requested = {
  /** Values by their names in the log line, without secrets. */
  fields: Readonly<Record<string, string | undefined>>
  /** Replaces the secret that the request presents. */
  hide: (text: string) => string
}

/** What Hono carries with a request. */
export type AppEnv = {
  Variables: {
    requestId: string
    /** The permission that an address of administration needs, to be said where a token lacks it. */
    neededScope?: string
    /** Reads the client and the values that it sent, for the log line of a refused request. */
    requested?: () => Requested
  }
}
export type AppContext = Context<AppEnv>

/** Handed over with a request by the server on Node alone. */
export type Connected = {
  /** Aborted once the connection has sent something behind this request. */
  followed(): AbortSignal | undefined
}

/** Counts what the endpoints do. Labels come from the database or the code, never from a request. */
export type Metrics = {
  tokenIssued(audience: string): void
  refused(code: string): void
  introspected(active: boolean): void
  tokenRevoked(): void
  /** The Prometheus text format. */
  render(): Promise<{ contentType: string; text: string }>
}

/**
 * Takes one request off a client's quota.
 * @param perMinute null for a client without a quota, which may get one within the minute
 * @returns 0, or the seconds to wait where it is used up
 */
export type Quota = (clientId: string, perMinute: number | null) => Promise<number>

/**
 * Counts writes under a key, in a window that begins with the first of them.
 * @returns 0, or the seconds until the window ends where more than its limit has been written
 */
export type Writes = (
  key: string,
  window: { seconds: number; limit: number },
  cost: number,
) => Promise<number>

/** Everything that the app is handed: each unit names the slice that it needs. */
export type Deps = {
  store: Store
  signer: Signer
  log: Log
  audit: Pick<Audit, 'write' | 'count'>
  /** Holds answers of the revocation list until there is something new. */
  revocationWatch: RevocationWatch
  /** Compresses and keeps pages of the revocation list. */
  pageHost: PageHost
  /** Null: nobody knows which tokens are out. They can be taken back all the same. */
  ledger: Ledger | null
  /** Keeps in mind that somebody has logged in with it. Writes nothing. */
  secretUsed: (secretId: string) => void
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds that only ever grow. */
  monotonic: () => number
  random: RandomBytes
  /** Encrypts the signing keys that are made. */
  kek: Uint8Array
  /** Those that an audience may sign with. */
  algorithms: readonly Algorithm[]
  /** How long a key signs before the next one takes over; null: until somebody says so. */
  keyRotationSeconds: number | null
  /** The origin that tokens and documents name. */
  issuer: string
  tokenTtlSeconds: number
  quota: Quota
  writes: Writes
  /** The address of whoever asks, trusted proxies left out; undefined where it is not known. */
  clientAddress: (c: AppContext) => string | undefined
  /** Null: there is no `/metrics`. */
  metrics: Metrics | null
  metricsToken: string | null
}

/** An opened database, and the parts that need nothing else. */
export type Opened = Pick<Deps, 'store' | 'kek' | 'signer'> & { audit: Audit }

export const openedParts = (parts: Pick<Deps, 'store' | 'kek' | 'clock'>): Opened => ({
  store: parts.store,
  kek: parts.kek,
  signer: createSigner(parts),
  audit: createAudit(parts),
})

/** The part of the configuration that requests depend on. */
type Settings = Pick<Deps, 'issuer' | 'tokenTtlSeconds' | 'algorithms' | 'keyRotationSeconds'>

/**
 * Assembles the dependencies of a process: a server on Node or on Workers, a command, a benchmark or a test.
 * @param platform the parts that differ between them; they replace the common ones
 */
export const assembleDeps = <Platform extends Partial<Deps>>({
  opened,
  settings,
  platform,
}: {
  opened: Opened
  settings: Settings
  platform: Platform
}) => ({
  ...opened,
  issuer: settings.issuer,
  tokenTtlSeconds: settings.tokenTtlSeconds,
  algorithms: settings.algorithms,
  keyRotationSeconds: settings.keyRotationSeconds,
  monotonic: () => performance.now(),
  random: randomBytes,
  ...platform,
})
