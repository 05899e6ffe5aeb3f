// The bearer token of a request (RFC 6750 §2.1). Pure.

/**
 * The token of `Authorization: Bearer …` (RFC 6750 §2.1), the scheme in any case; null without one.
 * The text is not trimmed or repaired: a trailing space, a control character and a second header stay in
 * the text, and `verify` refuses it as `token_malformed`.
 * @param authorization all headers of that name: `headers.get('authorization')` of a Fetch request
 *   joins several. Node's `headers.authorization` keeps only the first: pass
 *   `headersDistinct.authorization` instead
 * @example
 * const bearer = bearerOf(request.headers.get('authorization'))
 * const token = await verifier.verify(bearer, { permission: 'hook:track', plugin: anyPlugin })
 */
export const bearerOf = (
  authorization: string | readonly string[] | null | undefined,
): string | null => {
  const text = Array.isArray(authorization) ? authorization.join(', ') : authorization
  return (typeof text === 'string' && /^bearer +(.*)$/is.exec(text)?.[1]) || null
}
