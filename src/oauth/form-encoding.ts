// Decodes a name or a value of application/x-www-form-urlencoded. Pure: no I/O.
import { OAuthError, refusedValue } from '../errors.ts'

/** Parameters with a value, by name. */
export type Form = ReadonlyMap<string, string>

/**
 * Decodes a name or a value: `+` is a space, `%XX` a byte of UTF-8.
 * @param parameter the parameter of a value, for the description
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
