// What answers of the OAuth endpoints have in common.
import { OAuthError, refusedValue } from '../errors.ts'
import { type BodyProblem, charsetSentence } from '../http/body.ts'
import { describedValues } from '../text/shown.ts'

/** RFC 6749 §5.1: on every answer that has a token in it or speaks of one. */
export const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** A body that the headers make unreadable. RFC 9110 §15.5.16: 415 names the codings that are read. */
export const bodyRefused = ({ problem, sent }: BodyProblem): OAuthError => {
  if (problem === 'coding') {
    return refusedValue('content_encoding_unsupported', [sent], { 'Accept-Encoding': 'identity' })
  }
  if (problem === 'charset') {
    const sentence = `${charsetSentence(describedValues([sent]))}.`
    return new OAuthError('charset_unsupported', {}, sentence)
  }
  return refusedValue('media_type_unsupported', [sent || 'none'])
}
