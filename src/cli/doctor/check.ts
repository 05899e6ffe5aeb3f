// Parts of a check of `doctor`: its finding, and the dependencies that all checks share.
import type { Config } from '../../config.ts'
import type { Environment } from '../../settings/environment.ts'
import type { Store } from '../../store/store.ts'

export type Status = 'ok' | 'warning' | 'failed' | 'skipped'

export type Finding = {
  status: Status
  detail: string
  /** Step for the operator; null: none. */
  advice: string | null
}

export const ok = (detail: string): Finding => ({ status: 'ok', detail, advice: null })
export const warning = (detail: string, advice: string): Finding => ({
  status: 'warning',
  detail,
  advice,
})
export const failed = (detail: string, advice: string): Finding => ({
  status: 'failed',
  detail,
  advice,
})

/** Thrown by a check that cannot run. It is no failure. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

/** The examined machine. Each getter throws where an earlier check has failed. */
export type Patient = {
  environment: Environment
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Folder of the installation. */
  root: URL
  config(): Config
  /** The database, which no statement can change. @throws StartRefused; Skipped until it is migrated */
  store(): Promise<Store>
  /** Migrations that the database lacks. @throws StartRefused */
  pendingMigrations(): Promise<readonly string[]>
  /** Requests a document below the issuer's origin. @throws the error of the request */
  get(path: string): Promise<Answer>
}

/** Answer of the issuer. Another program may listen at its address. */
export type Answer = {
  status: number
  /** Milliseconds since the epoch, from `Date`; null without a valid one. */
  date: number | null
  /** The body; null where it exceeds MAX_ISSUER_ANSWER_BYTES. */
  text: string | null
}

export type Check = {
  name: string
  /** Names of the checks without which this one says nothing. */
  after?: readonly string[]
  /** Step for the operator if the check throws. */
  advice: string
  run: (patient: Patient) => Promise<readonly Finding[]>
}
