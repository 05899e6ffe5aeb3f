// What answers of the OAuth endpoints have in common.
import { OAuthError, refusedValue } from '../errors.ts'
import { type BodyProblem, charsetSentence } from '../http/body.ts'
import { describedValues } from '../text/shown.ts'

/** A body that the headers make unreadable. RFC 9110 §15.5.16: 415 names the codings that are read. */
export const bodyRefused = ({ problem, sent }: BodyProblem): OAuthError => {
  if (problem === 'coding') {
    return refusedValue('content_encoding_unsupported', [sent], {
      headers: { 'Accept-Encoding': 'identity' },
    })
  }
  if (problem === 'charset') {
    const sentence = `${charsetSentence(describedValues([sent]))}.`
    return new OAuthError('charset_unsupported', { description: sentence })
  }
  return refusedValue('media_type_unsupported', [sent || 'none'])
}

/** The challenge of a refused bearer token; a bare one where the request has no token (RFC 6750 §3.1). */
export const bearerChallenge = (hasToken: boolean): Record<string, string> => ({
  'WWW-Authenticate': hasToken ? 'Bearer error="invalid_token"' : 'Bearer',
})
