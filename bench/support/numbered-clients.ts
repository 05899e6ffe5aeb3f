// Clients whose id contains a number, so that a load generator can name a million of them without a list. All have the
// same secret: the server does the same work for it, because it compares hashes.

/** Most clients: the id has six decimal digits. */
export const MAX_CLIENTS = 1_000_000

const GROUP = 1_000

/** The id is `lkc_` and 22 characters. The digits begin at a multiple of three, so that base64 of them stands alone. */
const BEFORE_DIGITS = 'lkc_ab'
const AFTER_DIGITS = 'cdefghijklmnop'
export const SECRET = `lks_${'s'.repeat(43)}`

const padded = (number: number, digits: number): string => String(number).padStart(digits, '0')

export const clientIdOf = (number: number): string =>
  `${BEFORE_DIGITS}${padded(number, 6)}${AFTER_DIGITS}`

export const authorizationOf = (number: number): string =>
  `Basic ${Buffer.from(`${clientIdOf(number)}:${SECRET}`).toString('base64')}`

/** Parts of the header: `before`, the digits of number / 1,000, the digits of number % 1,000, `after`. */
export const authorizationParts = (): { before: string; digits: string[]; after: string } => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return {
    before: `Basic ${base64(BEFORE_DIGITS)}`,
    digits: Array.from({ length: GROUP }, (_, i) => base64(padded(i, 3))),
    after: base64(`${AFTER_DIGITS}:${SECRET}`),
  }
}
