// Content codings that a client accepts (RFC 9110 §12.5.3). Pure: no I/O.
import { MAX_CODINGS } from '../constants.ts'

/** The weight of a coding (RFC 9110 §12.4.2); 0 for a malformed one. */
const weightOf = (parameter: string | undefined): number => {
  if (parameter === undefined) return 1
  const [, weight] = /^\s*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/.exec(parameter) ?? []
  return Number(weight ?? 0)
}

/**
 * True if the client accepts gzip with at least the weight of plain text (RFC 9110 §12.5.3). A
 * client without `Accept-Encoding` gets plain text, because simple clients do not decode.
 */
export const takesGzip = (acceptEncoding: string | undefined): boolean => {
  const weights = new Map<string, number>()
  for (const item of (acceptEncoding ?? '').split(',', MAX_CODINGS)) {
    const [coding = '', parameter] = item.split(';', 2)
    const name = coding.trim().toLowerCase()
    if (name !== '') weights.set(name === 'x-gzip' ? 'gzip' : name, weightOf(parameter))
  }
  const gzip = weights.get('gzip') ?? weights.get('*') ?? 0
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0)
}
