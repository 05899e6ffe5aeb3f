// The dependencies that the app is given, and their assembly.
import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { type Audit, createAudit } from './audit/record.ts'
import type { Ledger } from './store/ledger.ts'
import type { Log } from './log.ts'
import { type RandomBytes, withSupplyForIds } from './secret.ts'
import type { Algorithm } from './signing/algorithms.ts'
import type { PageHost } from './revocation/page-host.ts'
import type { RevocationWatch } from './revocation/watch.ts'
import type { Cryptography } from './signing/cryptography.ts'
import { type Signer, createSigner } from './signing/signer.ts'
import type { Store } from './store/store.ts'

/** Values that a refused request sent, for its log line. */
export type Requested = {
  /** Values by their names in the log line, without secrets. */
  fields: Readonly<Record<string, string | undefined>>
  /** Replaces the secret that the request presents. */
  hide: (text: string) => string
}

/** Variables of a request in Hono. */
export type AppEnv = {
  Variables: {
    requestId: string
    /** Headers of the answer, by their names in canonical case. */
    headers: Record<string, string>
    /**
     * The permission that an address of administration requires, for the challenge if the token
     * lacks it.
     */
    neededScope?: string
    /** Reads the client and the values that it sent, for the log line of a refused request. */
    requested?: () => Requested
  }
}
export type AppContext = Context<AppEnv>

/** A part of the environment of a request. Only the server on Node sets it. */
export type Connected = {
  /** Aborted once the client has sent more bytes on the connection after this request. */
  followed(): AbortSignal | undefined
}

/**
 * Counters of the endpoints. Their labels come from the database or the code, not from a request.
 */
export type Metrics = {
  tokenIssued(audience: string): void
  refused(code: string): void
  introspected(active: boolean): void
  tokenRevoked(): void
  /** Renders the Prometheus text format. */
  render(): Promise<{ contentType: string; text: string }>
}

/**
 * Counts a request against a client's quota.
 * @param perMinute null for a client without a quota. Its requests are counted, because it can get
 * a quota within the minute
 * @returns 0, or the seconds to wait if the quota is exhausted
 */
export type Quota = (clientId: string, perMinute: number | null) => Promise<number>

/**
 * Counts writes under a key, in a window that begins with the first write.
 * @returns 0, or the seconds until the window ends if the count exceeds its limit
 */
export type Writes = (
  key: string,
  window: { seconds: number; limit: number },
  cost: number,
) => Promise<number>

export type StoredFile = { path: string; bytes: number }

/** Files of the server. A file that is missing is null. */
export type Storage = {
  /** Name of the newest migration. */
  schema: string | null
  database: StoredFile | null
  ledger: StoredFile | null
  /** Free space beside the database; null: the file system does not tell. */
  freeBytes: number | null
}

/** Machine and process, for the status. */
export type Host = {
  readStorage(): Promise<Storage>
  /** Null in a command, which is no server. */
  server: {
    /** Milliseconds since the epoch. */
    startedAt: number
    /** Requests for the revocation list that this process holds. */
    countFollowers(): number
  } | null
}

/** All dependencies of the app. Each unit names the part that it needs. */
export type Deps = {
  store: Store
  signer: Signer
  log: Log
  audit: Pick<Audit, 'write' | 'count'>
  /** Holds answers of the revocation list until there is a new rule. */
  revocationWatch: RevocationWatch
  /** Compresses and caches pages of the revocation list. */
  pageHost: PageHost
  /** Null: issued tokens are not recorded. They can be revoked all the same. */
  ledger: Ledger | null
  /** Notes in memory that a client has logged in with the secret. Writes nothing. */
  secretUsed: (secretId: string) => void
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number
  random: RandomBytes
  /** Encrypts new signing keys. */
  kek: Uint8Array
  /** Algorithms that an audience may sign with. */
  algorithms: readonly Algorithm[]
  /** Time for which a key signs before the next one does; null: until an administrator rotates. */
  keyRotationSeconds: number | null
  /** The origin in tokens and documents. */
  issuer: string
  tokenTtlSeconds: number
  quota: Quota
  writes: Writes
  /** The address of the client, without trusted proxies; undefined if it is unknown. */
  clientAddress: (c: AppContext) => string | undefined
  /** Null: `/metrics` answers 404. */
  metrics: Metrics | null
  metricsToken: string | null
  /** Null where there are no files and no lasting process: on Workers. */
  host: Host | null
}

/** An opened database, and the parts that need nothing else. */
export type Opened = Pick<Deps, 'store' | 'kek' | 'signer'> & { audit: Audit }

export const openedParts = (
  parts: Pick<Deps, 'store' | 'kek' | 'clock'> & { cryptography: Cryptography },
): Opened => ({
  store: parts.store,
  kek: parts.kek,
  signer: createSigner(parts),
  audit: createAudit(parts),
})

/** The part of the configuration that requests depend on. */
type Settings = Pick<Deps, 'issuer' | 'tokenTtlSeconds' | 'algorithms' | 'keyRotationSeconds'>

/**
 * Assembles the dependencies of a process: a server on Node or on Workers, a command, a benchmark
 * or a test.
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
  random: withSupplyForIds(randomBytes),
  host: null as Host | null,
  ...platform,
})
