// A driver's error becomes one of ours. Its message can carry parameters, so nothing of it is kept.
import { BUSY_RETRY_MS, BUSY_TIMEOUT_MS } from '../../constants.ts'
import { Conflict, OAuthError, OperationRefused, StartRefused, Unavailable } from '../../errors.ts'

const OURS = [Conflict, OAuthError, OperationRefused, StartRefused, Unavailable]

/**
 * The error within all others: what SQLite itself said, read here and dropped. Those around it repeat the
 * statement's parameters, and what somebody wrote must not decide what the error is taken for.
 */
const innermost = (error: unknown): unknown => {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner
}

const driverCode = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : error.message
  return /\bSQLITE_[A-Z_]+/.exec(code)?.[0] ?? error.name
}

/** What SQLite says of a statement that it refuses, and what that means here. */
const REFUSALS: readonly (readonly [says: string, refusal: () => Error])[] = [
  ['CHECK constraint failed: unchanged', () => new Conflict('it has been changed in the meantime')],
  [
    'CHECK constraint failed: administrable',
    () =>
      new OperationRefused(
        'last_administrator',
        'this is the last administrator who can still log in without an expiry; make another first (latchkey admin create)',
      ),
  ],
  [
    'CHECK constraint failed: within_limit',
    () =>
      new OperationRefused(
        'too_many_secrets',
        'the client has as many live secrets as it may have; revoke one first',
      ),
  ],
  ['UNIQUE constraint failed', () => new OperationRefused('already_exists', 'this id is taken')],
  [
    'FOREIGN KEY constraint failed',
    () => new OperationRefused('unknown_reference', 'it names something that does not exist'),
  ],
]

/** @returns the error to throw in place of what a driver threw */
export const storeError = (error: unknown): Error => {
  if (OURS.some((type) => error instanceof type)) return error as Error
  const inner = innermost(error)
  const message = inner instanceof Error ? inner.message.replace(/^D1_ERROR: /, '') : ''
  const refusal = REFUSALS.find(([says]) => message.startsWith(says))?.[1]
  return refusal?.() ?? new Unavailable(driverCode(inner))
}

type Verbs = Record<string, (...args: never[]) => Promise<unknown>>

/**
 * The same verbs, throwing only our own errors. Where another process holds the write lock a verb is tried
 * again for a while: each is atomic, so what was refused has left nothing behind. Between the tries
 * the process answers others.
 */
export const withStoreErrors = <T extends object>(verbs: T): T =>
  Object.fromEntries(
    Object.entries(verbs as Verbs).map(([name, verb]) => [
      name,
      async (...args: never[]) => {
        const deadline = performance.now() + BUSY_TIMEOUT_MS
        for (;;) {
          try {
            return await verb(...args)
          } catch (thrown) {
            const error = storeError(thrown)
            if (!isBusy(error) || performance.now() > deadline) throw error
          }
          await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS))
        }
      },
    ]),
  ) as T

const isBusy = (error: Error): boolean =>
  error instanceof Unavailable && error.driverCode.startsWith('SQLITE_BUSY')
