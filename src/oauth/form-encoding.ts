// One name or value of application/x-www-form-urlencoded. Pure: no I/O.
import { OAuthError, refusedValue } from '../errors.ts'

/** Parameters with a value, by name. */
export type Form = ReadonlyMap<string, string>

/**
 * Undoes form-encoding: `+` is a space, `%XX` bytes of UTF-8. Pure.
 * @param parameter whose value it is, to be named
 * @throws OAuthError `body_malformed` for broken percent-encoding, malformed UTF-8 and NUL
 */
export const decodeComponent = (text: string, parameter?: string): string => {
  const malformed = () =>
    parameter === undefined
      ? new OAuthError('body_malformed')
      : refusedValue('body_malformed', [parameter])
  let decoded: string
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformed()
  }
  if (decoded.includes('\0')) throw malformed()
  return decoded
}
