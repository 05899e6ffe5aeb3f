// Turns a driver's error into one of ours. Its text can carry parameters, so nothing of it is kept.
import { BUSY_RETRY_MS, BUSY_TIMEOUT_MS } from '../../constants.ts'
import { Conflict, OAuthError, OperationRefused, StartRefused, Unavailable } from '../../errors.ts'
import type { Dialect, Violation } from './dialect.ts'

const OURS = [Conflict, OAuthError, OperationRefused, StartRefused, Unavailable]

const ERRORS: Record<Violation, () => Error> = {
  unchanged: () => new Conflict('it has been changed in the meantime'),
  administrable: () =>
    new OperationRefused(
      'last_administrator',
      'this is the last administrator who can still log in without an expiry; make another first (latchkey admin create)',
    ),
  within_limit: () =>
    new OperationRefused(
      'too_many_secrets',
      'the client has as many live secrets as it may have; revoke one first',
    ),
  unique: () => new OperationRefused('already_exists', 'this id is taken'),
  foreign_key: () =>
    new OperationRefused('unknown_reference', 'it names something that does not exist'),
}

type ErrorReader = Pick<Dialect, 'readError'>

const isOurs = (error: unknown): error is Error => OURS.some((type) => error instanceof type)

/** @returns the error to throw in place of the driver's */
export const storeError = (thrown: unknown, { readError }: ErrorReader): Error => {
  if (isOurs(thrown)) return thrown
  const { violation, code } = readError(thrown)
  return violation === null ? new Unavailable(code) : ERRORS[violation]()
}

type Verbs = Record<string, (...args: never[]) => Promise<unknown>>

/**
 * The same verbs, throwing only our own errors. A verb that meets the write lock of another process is tried again for
 * BUSY_TIMEOUT_MS: each is atomic, so the refused try has left nothing behind. The process serves other requests
 * between the tries.
 */
export const withStoreErrors = <T extends object>(verbs: T, reader: ErrorReader): T =>
  Object.fromEntries(
    Object.entries(verbs as Verbs).map(([name, verb]) => [
      name,
      async (...args: never[]) => {
        const deadline = performance.now() + BUSY_TIMEOUT_MS
        for (;;) {
          try {
            return await verb(...args)
          } catch (thrown) {
            const isBusy = !isOurs(thrown) && reader.readError(thrown).isBusy
            if (!isBusy || performance.now() > deadline) throw storeError(thrown, reader)
          }
          await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS))
        }
      },
    ]),
  ) as T
