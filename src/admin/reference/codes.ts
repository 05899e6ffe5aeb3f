// Every code that the admin API answers: its status, its title, and what to do about it. No I/O.
import { type VerificationCode, VerificationError } from '@latchkey/verifier'
import { ANSWER_ENDED_TITLE, REFUSALS, type RefusalCode } from '../../errors.ts'

/** What a token lacks, or what the server cannot find out about it. */
const TOKEN_REMEDIES = {
  token_missing: 'Send `Authorization: Bearer` with a token for the audience `latchkey`.',
  token_malformed: 'Send the `access_token` of the token endpoint as it came, whole.',
  token_untrusted: 'Get the token from this server, for the audience `latchkey`.',
  token_expired: 'Get a new token.',
  token_not_yet_valid:
    'Keep the token and try again in some seconds, waiting longer each time: the clocks of the server’s processes differ.',
  token_revoked: 'Get a new token. Where that is refused, the client is disabled or suspended.',
  permission_missing:
    'Ask for the permission with `scope`, or for none in particular; where the token endpoint refuses, the client needs the grant.',
  keys_unavailable: 'Try again after `Retry-After`.',
  revocations_stale: 'Try again after `Retry-After`.',
} as const satisfies Partial<Record<VerificationCode, string>>

/** Refusals of the input and of the operation: the compiler asks for every one. */
const REFUSAL_REMEDIES: Record<RefusalCode, string> = {
  invalid_value:
    '`errors` names each bad field and says what it must be and what was sent, without secrets.',
  unknown_reference: 'Make first what `errors` names, or name something that exists.',
  not_found: 'Look at the address and the id. What belongs to another workspace is not found.',
  already_exists: 'Choose another id, or change what is there with PATCH.',
  conflict: 'Read it again, decide anew, and send the new `etag` in `If-Match`.',
  last_administrator:
    'Make another unbound administrator first, with a secret that does not expire.',
  too_many_secrets: 'Revoke a secret that is no longer used.',
  key_too_young:
    'Wait until the time that `detail` names, or send `now`, which may cost refused tokens.',
  enrollment_ended: 'It can no longer become a client. Make another one where one is needed.',
  exceeds_own_grant:
    'Let an administrator do it whose client has what is given. A limit that `errors` names may be tightened first.',
  too_many_runs: 'Use another workspace for further runs.',
  writes_exceeded: 'Try again after `Retry-After`.',
  no_ledger: 'Ask a server that keeps one. Tokens can be taken back without it.',
  unbound_required: 'Let an administrator do it who is bound to no workspace.',
  body_malformed: 'Send one JSON object, in UTF-8, without repeated members.',
  body_too_large: 'Send less at a time.',
  media_type_unsupported: 'Send `Content-Type: application/json`.',
  charset_unsupported: 'Send the body in UTF-8.',
  content_encoding_unsupported: 'Send the body as it is, without `Content-Encoding`.',
  precondition_required: 'Read it first and send its `etag` in `If-Match`, in double quotes.',
  method_not_allowed: 'Use a method that `Allow` names.',
}

export type Code = {
  code: string
  status: number
  title: string
  /** In backquotes: what is to be typed or read as it is. */
  remedy: string
}

const tokenCodes = Object.entries(TOKEN_REMEDIES).map(([code, remedy]): Code => {
  const { status, message: title } = new VerificationError(code as VerificationCode)
  return { code, status, title, remedy }
})

const refusalCodes = Object.entries(REFUSAL_REMEDIES).map(([code, remedy]): Code => {
  const [status, title] = REFUSALS[code as RefusalCode]
  return { code, status, title, remedy }
})

const serverCodes: readonly Code[] = [
  {
    code: 'server_error',
    status: 500,
    title: 'Something unforeseen happened.',
    remedy: 'Give the `request_id` to whoever runs the server: the log says more.',
  },
  {
    code: 'store_unavailable',
    status: 503,
    title: 'The server cannot answer right now.',
    remedy: 'Try again after `Retry-After`.',
  },
  {
    code: 'answer_ended',
    status: 503,
    title: ANSWER_ENDED_TITLE,
    remedy: '`detail` says why. Ask for less at a time, or use the command line.',
  },
]

/** What every address can answer, whatever it does. */
export const COMMON_CODES: readonly Code[] = [...tokenCodes, ...serverCodes]

/** By status, then as they are checked. */
export const CODES: readonly Code[] = [...COMMON_CODES, ...refusalCodes].sort(
  (a, b) => a.status - b.status,
)
