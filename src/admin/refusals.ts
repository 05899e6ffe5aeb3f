// Refusals that several operations share. Pure: no I/O.
import { isNameable } from '../audit/target.ts'
import { type FieldError, OperationRefused } from '../errors.ts'

/** One refusal of all these fields; its message says the first. */
export const fieldsRefused = (
  code: 'invalid_value' | 'unknown_reference' | 'exceeds_own_grant',
  errors: readonly FieldError[],
): OperationRefused => {
  const [first] = errors
  const field = first?.field.replace(/\.\d+/g, '') || undefined
  return new OperationRefused(code, `${field ?? 'input'}: ${first?.detail}`, errors)
}

/** Refuses a known algorithm that the server does not sign with. */
export const unlistedAlgorithm = (asked: string): OperationRefused => {
  const detail = `must be one of those that LATCHKEY_ALGORITHMS lists, not ${asked}`
  return fieldsRefused('invalid_value', [{ field: 'algorithm', detail }])
}

export const notFound = (what: string, id: string): OperationRefused =>
  new OperationRefused('not_found', doesNotExist(what, id))

/** What the input names does not exist, or cannot be seen by whoever asks. */
export const doesNotExist = (what: string, id: string): string =>
  isNameable(id) ? `there is no ${what} ${id}` : `there is no such ${what}`

/** Gives what was read, or refuses. */
export const orNotFound = <T>(row: T | null, what: string, id: string): T => {
  if (row === null) throw notFound(what, id)
  return row
}
