// Ids of a command that are segments of an address of the admin API. Pure: no I/O.
import type { Action } from '../admin/api/actions.ts'
import { ADDRESSES } from '../admin/api/addresses.ts'
import { OperationRefused } from '../errors.ts'
import { shownValue } from '../text/redaction.ts'

type Input = Readonly<Record<string, unknown>>

/**
 * Fills the parameters of an action's path. An empty segment and one of dots would name another address. They are refused
 * for the database of this machine, too, so that a refusal does not depend on the place.
 * @throws OperationRefused
 */
export const pathOf = (action: Action, input: Input): string =>
  (ADDRESSES[action].split(' ')[1] ?? '').replaceAll(/{(\w+)}/g, (_, name: string) => {
    const value = String(input[name])
    if (!/^\.{0,2}$/.test(value)) return encodeURIComponent(value)
    throw new OperationRefused(
      'invalid_value',
      `${name}: cannot be ${shownValue(value) || 'empty'}`,
    )
  })
