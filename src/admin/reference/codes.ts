// All codes of the admin API: status, title, and the remedy for the client. No I/O.
import { type VerificationCode, VerificationError } from '@latchkey/verifier'
import { ANSWER_ENDED_TITLE, REFUSALS, type RefusalCode } from '../../errors.ts'

/** Remedies for refused tokens. */
const TOKEN_REMEDIES = {
  token_missing: 'Send `Authorization: Bearer` with a token for the audience `latchkey`.',
  token_malformed: 'Send the whole `access_token` of the token endpoint, unchanged.',
  token_untrusted: 'Request the token from this server, for the audience `latchkey`.',
  token_expired: 'Request a new token.',
  token_not_yet_valid:
    'Keep the token and try again after some seconds, with a longer pause each time: the clocks of the server’s processes differ.',
  token_revoked:
    'Request a new token. If that is refused, the client is disabled, or its workspace is suspended.',
  permission_missing:
    'Request a token with the permission in `scope`, or without `scope`. If that is refused, the client needs the grant.',
  keys_unavailable: 'Try again after `Retry-After`.',
  revocations_stale: 'Try again after `Retry-After`.',
} as const satisfies Partial<Record<VerificationCode, string>>

/** Remedies for refused input and operations. The compiler requires one for each code. */
const REFUSAL_REMEDIES: Record<RefusalCode, string> = {
  invalid_value:
    '`errors` names each bad field, its rule and the value that was sent, without secrets.',
  plugin_disabled: 'Enable the plugin first, or leave it out.',
  unknown_reference: 'Create the row that `errors` names, or name an existing one.',
  not_found: 'Check the address and the id. Rows of another workspace are not found.',
  already_exists:
    'Choose another id, or change the row that `existing` names with PATCH. The id of a deleted row stays taken.',
  conflict: 'Read the row again, decide again, and send the new `etag` in `If-Match`.',
  last_administrator:
    'Create another unbound administrator first, with a secret that does not expire.',
  too_many_secrets: 'Revoke a secret that is no longer used.',
  key_too_young:
    'Wait until the time in `detail`, or send `now`: resource servers may refuse tokens then.',
  enrollment_ended: 'Create a new enrollment: this one can no longer become a client.',
  exceeds_own_grant:
    'Use an administrator whose client has the grant, or an unbound one. If `errors` names a limit, tightening it first helps.',
  too_many_revocations: 'Revoke the tokens of the clients, or the key, instead.',
  too_many_runs: 'Use another workspace for further runs.',
  writes_exceeded: 'Try again after `Retry-After`.',
  no_dry_run: 'Send the change itself, or rehearse it on a server with a SQLite file.',
  dry_runs_exceeded: 'Try again after `Retry-After`.',
  no_ledger: 'Use a server that keeps a ledger. Tokens can be revoked without one.',
  unbound_required: 'Use an administrator that is bound to no workspace.',
  body_malformed: 'Send one JSON object, in UTF-8, without repeated members.',
  body_too_large: 'Send less at a time.',
  media_type_unsupported: 'Send `Content-Type: application/json`.',
  charset_unsupported: 'Send the body in UTF-8.',
  content_encoding_unsupported: 'Send the body unencoded, without `Content-Encoding`.',
  precondition_required: 'Read the row first, and send its `etag` in `If-Match`, in double quotes.',
  method_not_allowed: 'Use a method that `Allow` names.',
}

export type Code = {
  code: string
  status: number
  title: string
  /** Instruction for the client; literal names are in backquotes. */
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
    title: 'The server failed unexpectedly.',
    remedy: 'Give the `request_id` to the operator of the server: the log has the cause.',
  },
  {
    code: 'store_unavailable',
    status: 503,
    title: 'The server is temporarily unable to answer.',
    remedy: 'Try again after `Retry-After`.',
  },
  {
    code: 'answer_ended',
    status: 503,
    title: ANSWER_ENDED_TITLE,
    remedy: '`detail` has the reason. Request less at a time, or use the command line.',
  },
]

/** Codes that every address can answer. */
export const COMMON_CODES: readonly Code[] = [...tokenCodes, ...serverCodes]

/** All codes, by status, then in the order of the checks. */
export const CODES: readonly Code[] = [...COMMON_CODES, ...refusalCodes].sort(
  (a, b) => a.status - b.status,
)

/** Refusals of every operation, besides the common codes. */
export const OF_EVERY_OPERATION = ['invalid_value', 'method_not_allowed'] as const

/** Refusals of every operation that has a body. */
export const OF_EVERY_BODY = [
  'body_malformed',
  'body_too_large',
  'media_type_unsupported',
  'charset_unsupported',
  'content_encoding_unsupported',
] as const

/** Refusals of every operation that changes something, besides those of its body. */
export const OF_EVERY_WRITE = ['conflict', 'writes_exceeded'] as const

type Group = 'own' | 'change' | 'every'

/** Place of a code on the page: with single operations, with every change, or with every operation. */
export const groupOf = (code: string): Group => {
  if (([...OF_EVERY_BODY, ...OF_EVERY_WRITE] as readonly string[]).includes(code)) return 'change'
  const isCommon = COMMON_CODES.some((common) => common.code === code)
  return isCommon || (OF_EVERY_OPERATION as readonly string[]).includes(code) ? 'every' : 'own'
}
