// Parses tokens into their parts and respells them.

export type Parts = [header: string, payload: string, signature: string]

export const partsOf = (token: string): Parts => token.split('.') as Parts

const json = (part: string) =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>

export const decode = (token: string) => {
  const [header, payload] = partsOf(token)
  return { header: json(header), claims: json(payload) }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Every spelling of a token's 256 bytes of signature, its own included: the last four bits are unused. */
export const spellings = (token: string): string[] => {
  const last = ALPHABET.indexOf(token.slice(-1))
  const first = last - (last % 16)
  return Array.from({ length: 16 }, (_, i) => token.slice(0, -1) + ALPHABET.charAt(first + i))
}
