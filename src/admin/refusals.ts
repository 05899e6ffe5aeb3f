// Refusals that several operations share. Pure: no I/O.
import { isNameable } from '../audit/target.ts'
import { type FieldError, OperationRefused } from '../errors.ts'

/** One refusal of all these fields; its message names the first. */
export const fieldsRefused = (
  code: 'invalid_value' | 'unknown_reference' | 'exceeds_own_grant' | 'plugin_disabled',
  errors: readonly FieldError[],
): OperationRefused => {
  const [first] = errors
  const field = first?.field.replace(/\.\d+/g, '') || undefined
  return new OperationRefused(code, `${field ?? 'input'}: ${first?.detail}`, errors)
}

/** Refuses a known algorithm that the server does not sign with. */
export const unlistedAlgorithm = (algorithm: string): OperationRefused => {
  const detail = `must be an algorithm of LATCHKEY_ALGORITHMS, not ${algorithm}`
  return fieldsRefused('invalid_value', [{ field: 'algorithm', detail }])
}

/** Message for an id of the input that does not exist, or that the administrator may not see. */
export const doesNotExist = (noun: string, id: string): string =>
  isNameable(id) ? `there is no ${noun} ${id}` : `there is no such ${noun}`

/** Refuses an id whose row has been deleted: the id stays taken. */
export const hasBeenDeleted = (noun: string, id: string): OperationRefused =>
  new OperationRefused('not_found', `the ${noun} ${id} has been deleted`)

/** Returns the row. @throws OperationRefused `not_found` for null */
export const orNotFound = <T>(row: T | null, noun: string, id: string): T => {
  if (row === null) throw new OperationRefused('not_found', doesNotExist(noun, id))
  return row
}
