// Refusals that several OAuth endpoints share.
import { OAuthError, refusedValue } from '../errors.ts'
import { type UnreadableBody, charsetSentence } from '../http/body.ts'
import { describedValues } from '../text/redaction.ts'

const CODES = {
  body: { too_large: 'body_too_large', malformed: 'body_malformed' },
  metadata: { too_large: 'metadata_too_large', malformed: 'metadata_malformed' },
} as const

/**
 * Refuses a body that cannot be read. RFC 9110 §15.5.16: 415 names the codings that the server
 * reads.
 * @param kind the codes of a form, or those of metadata
 */
export const bodyRefused = (body: UnreadableBody, kind: 'body' | 'metadata'): OAuthError => {
  if (!('sent' in body)) return new OAuthError(CODES[kind][body.problem])
  const { problem, sent } = body
  if (problem === 'coding') {
    return refusedValue('content_encoding_unsupported', [sent], {
      headers: { 'Accept-Encoding': 'identity' },
    })
  }
  if (problem === 'charset') {
    const sentence = `${charsetSentence(describedValues([sent]))}.`
    return new OAuthError('charset_unsupported', { description: sentence })
  }
  if (kind === 'body') return refusedValue('media_type_unsupported', [sent || 'none'])
  const shown = describedValues([sent]) || 'none'
  const description = `The Content-Type must be application/json, not ${shown}.`
  return new OAuthError('metadata_malformed', { description })
}

/**
 * The challenge of a refused bearer token; a bare one where the request has no token (RFC 6750
 * §3.1).
 */
export const bearerChallenge = (hasToken: boolean): Record<string, string> => ({
  'WWW-Authenticate': hasToken ? 'Bearer error="invalid_token"' : 'Bearer',
})
