// A driver's error becomes one of ours. Its message can carry parameters, so nothing of it is kept.
import { Conflict, OAuthError, OperationRefused, StartRefused, Unavailable } from '../../errors.ts'

const OURS = [Conflict, OAuthError, OperationRefused, StartRefused, Unavailable]

/** What the driver said, however deeply it is wrapped; read here and dropped. */
const driverMessage = (error: unknown): string => {
  const messages: string[] = []
  for (let e = error; e instanceof Error && messages.length < 5; e = e.cause)
    messages.push(e.message)
  return messages.join('\n')
}

const driverCode = (error: unknown, message: string): string => {
  for (let e = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    if ('code' in e && typeof e.code === 'string' && /^SQLITE_[A-Z_]+$/.test(e.code)) return e.code
  }
  return /SQLITE_[A-Z_]+/.exec(message)?.[0] ?? (error instanceof Error ? error.name : 'unknown')
}

/** @returns the error to throw in place of what a driver threw */
export const storeError = (error: unknown): Error => {
  if (OURS.some((type) => error instanceof type)) return error as Error
  const message = driverMessage(error)
  if (/CHECK constraint failed: unchanged/.test(message)) {
    return new Conflict('it has been changed in the meantime')
  }
  if (/CHECK constraint failed: administrable/.test(message)) {
    return new OperationRefused(
      'last_administrator',
      'this is the last administrator who can still log in without an expiry; make another first (latchkey admin create)',
    )
  }
  if (/CHECK constraint failed: within_limit/.test(message)) {
    return new OperationRefused(
      'too_many_secrets',
      'the client has as many live secrets as it may have; revoke one first',
    )
  }
  if (/UNIQUE constraint failed/.test(message)) {
    return new OperationRefused('already_exists', 'this id is taken')
  }
  if (/FOREIGN KEY constraint failed/.test(message)) {
    return new OperationRefused('not_found', 'it names something that does not exist')
  }
  return new Unavailable(driverCode(error, message))
}

type Verbs = Record<string, (...args: never[]) => Promise<unknown>>

/** The same verbs, throwing only our own errors. */
export const withStoreErrors = <T extends object>(verbs: T): T =>
  Object.fromEntries(
    Object.entries(verbs as Verbs).map(([name, verb]) => [
      name,
      async (...args: never[]) => {
        try {
          return await verb(...args)
        } catch (error) {
          throw storeError(error)
        }
      },
    ]),
  ) as T
