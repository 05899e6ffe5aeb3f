// Clients whose id and secret contain a number, so that a load generator can name a million of them without a list.

const GROUP = 1_000
const DIGITS = 6

/** The digits begin at a multiple of three in `id:secret`, so that base64 of them stands alone. */
const BEFORE_ID = 'lkc_ab'
const AFTER_ID = 'cdefghijklmnop'
const BEFORE_SECRET = 'lks_ss'
const AFTER_SECRET = 's'.repeat(35)

const padded = (number: number, digits: number): string => String(number).padStart(digits, '0')

export const clientIdOf = (number: number): string =>
  `${BEFORE_ID}${padded(number, DIGITS)}${AFTER_ID}`

export const secretOf = (number: number): string =>
  `${BEFORE_SECRET}${padded(number, DIGITS)}${AFTER_SECRET}`

const base64 = (text: string): string => Buffer.from(text).toString('base64')

export const authorizationOf = (number: number): string =>
  `Basic ${base64(`${clientIdOf(number)}:${secretOf(number)}`)}`

/** Parts of the header: the digits of the number stand between `before` and `middle`, and between it and `after`. */
export const authorizationParts = () => ({
  before: `Basic ${base64(BEFORE_ID)}`,
  middle: base64(`${AFTER_ID}:${BEFORE_SECRET}`),
  after: base64(AFTER_SECRET),
  /** Base64 of the numbers below 1,000: the header has number / 1,000 and number % 1,000. */
  digits: Array.from({ length: GROUP }, (_, i) => base64(padded(i, 3))),
})
