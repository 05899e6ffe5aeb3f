// Refusals: a table of codes for the OAuth endpoints, one for administration, and a class for each
// meaning. No I/O.
import { plural } from './text/plural.ts'
import { describable, describedValues, shownValue } from './text/redaction.ts'

/**
 * Maps each code to the status, the error of the standard, and the description. Descriptions have
 * the characters of RFC 6749 §5.2 alone (no quote, no backslash). `refusedValue` appends the
 * refused value.
 */
export const OAUTH_ERRORS = {
  body_malformed: [
    400,
    'invalid_request',
    'The body is not well-formed application/x-www-form-urlencoded in UTF-8.',
  ],
  body_too_large: [413, 'invalid_request', 'The body is longer than 65536 bytes.'],
  media_type_unsupported: [
    400,
    'invalid_request',
    'The Content-Type must be application/x-www-form-urlencoded.',
  ],
  charset_unsupported: [400, 'invalid_request', 'The charset is not supported: send UTF-8.'],
  content_encoding_unsupported: [
    415,
    'invalid_request',
    'The body must have no Content-Encoding other than identity.',
  ],
  parameter_repeated: [400, 'invalid_request', 'A parameter appears more than once.'],
  parameter_misspelled: [400, 'invalid_request', 'A parameter is a misspelling of a known one.'],
  parameter_in_query: [
    400,
    'invalid_request',
    'The query must not have credentials or parameters of the body.',
  ],
  grant_type_missing: [400, 'invalid_request', 'The parameter grant_type is missing.'],
  grant_type_unsupported: [
    400,
    'unsupported_grant_type',
    'The only grant_type is client_credentials.',
  ],
  response_type_unsupported: [
    400,
    'unsupported_response_type',
    'Users do not authorize clients here: ask the token endpoint with client_credentials.',
  ],
  token_missing: [400, 'invalid_request', 'The parameter token is missing.'],
  client_authentication_malformed: [
    400,
    'invalid_request',
    'The Authorization header is not well-formed Basic authentication.',
  ],
  client_authentication_ambiguous: [
    400,
    'invalid_request',
    'Use exactly one way of client authentication.',
  ],
  client_authentication_failed: [401, 'invalid_client', 'Client authentication failed.'],
  target_malformed: [
    400,
    'invalid_target',
    'The parameter resource must be an absolute URI without fragment.',
  ],
  target_repeated: [
    400,
    'invalid_target',
    'Send resource once, because a token is for one audience.',
  ],
  target_ambiguous: [
    400,
    'invalid_target',
    'The client has several audiences or none: name one with audience or resource.',
  ],
  target_mismatch: [400, 'invalid_target', 'audience and resource name different audiences.'],
  target_not_granted: [400, 'invalid_target', 'The client has no grant for this audience.'],
  scope_malformed: [
    400,
    'invalid_scope',
    'The parameter scope is not a list of scope values with single spaces between them.',
  ],
  scope_not_granted: [
    400,
    'invalid_scope',
    'The scope has a value that the client is not granted for this audience.',
  ],
  token_too_long: [
    400,
    'invalid_scope',
    'The token would be longer than the 8192 bytes that resource servers accept: request a smaller scope.',
  ],
  plugin_required: [
    400,
    'invalid_request',
    'Name a plugin with plugin_id, because this audience requires one.',
  ],
  plugin_not_allowed: [400, 'invalid_request', 'The client may not act for this plugin.'],
  plugin_disabled: [
    400,
    'invalid_request',
    'An administrator has disabled or deleted this plugin.',
  ],
  details_malformed: [
    400,
    'invalid_authorization_details',
    'The parameter authorization_details is not a JSON array of well-formed entries, each once.',
  ],
  details_not_granted: [
    400,
    'invalid_authorization_details',
    'The request has an authorization detail that the client is not granted.',
  ],
  details_ambiguous: [
    400,
    'invalid_authorization_details',
    'An authorization detail fits several granted ones with different results: send more of its members.',
  ],
  details_repeated: [
    400,
    'invalid_authorization_details',
    'Two authorization details are equal after narrowing.',
  ],
  run_not_named: [
    400,
    'invalid_authorization_details',
    'A token is for one run: name it with identifier.',
  ],
  run_malformed: [
    400,
    'invalid_authorization_details',
    'The identifier of a run must be 1 to 128 of A-Z a-z 0-9 . _ : / ~ - and begin with a letter or digit.',
  ],
  run_closed: [
    400,
    'invalid_authorization_details',
    'The run is closed: the server issues no more tokens for it.',
  ],
  identifier_missing: [400, 'invalid_request', 'The parameter identifier is missing.'],
  enrollment_missing: [
    401,
    'invalid_token',
    'The request must present an enrollment token as a bearer token.',
  ],
  enrollment_invalid: [
    401,
    'invalid_token',
    'The enrollment token is unknown, expired or revoked.',
  ],
  enrollment_used: [401, 'invalid_token', 'The enrollment token has been used.'],
  registration_invalid: [
    401,
    'invalid_token',
    'The request must present the registration access token of this client as a bearer token.',
  ],
  metadata_malformed: [
    400,
    'invalid_client_metadata',
    'The body must be a JSON object in UTF-8 with each member once, sent as application/json.',
  ],
  metadata_invalid: [400, 'invalid_client_metadata', 'The metadata has an invalid value.'],
  redirect_uri_invalid: [400, 'invalid_redirect_uri', 'A redirection URI has an invalid value.'],
  metadata_misspelled: [
    400,
    'invalid_client_metadata',
    'A member is a misspelling of a known one.',
  ],
  metadata_too_large: [413, 'invalid_client_metadata', 'The body is longer than 65536 bytes.'],
  resource_not_named: [
    400,
    'invalid_authorization_details',
    'A token names its resources: name one with identifier.',
  ],
  details_too_long: [
    400,
    'invalid_authorization_details',
    'The token would be longer than the 8192 bytes that resource servers accept: request fewer details.',
  ],
  quota_exceeded: [
    429,
    'temporarily_unavailable',
    'The client has used up its quota of token requests.',
  ],
  writes_exceeded: [
    429,
    'temporarily_unavailable',
    'The client or its workspace has reached its limit of writes.',
  ],
  too_many_runs: [
    409,
    'invalid_request',
    'The workspace has reached its limit of closed runs: close runs in another workspace.',
  ],
  not_found: [404, 'not_found', 'There is nothing at this address.'],
  method_not_allowed: [405, 'method_not_allowed', 'This address does not answer this method.'],
  request_malformed: [
    400,
    'invalid_request',
    'The request line, the Host field or a later part is not well-formed HTTP/1.1.',
  ],
  request_too_slow: [408, 'invalid_request', 'The request took too long to arrive.'],
  chunks_too_large: [413, 'invalid_request', 'The extensions of the chunks are too long.'],
  expectation_unknown: [417, 'invalid_request', 'The only supported expectation is 100-continue.'],
  headers_too_large: [431, 'invalid_request', 'The headers are longer than 16384 bytes.'],
  store_unavailable: [
    503,
    'temporarily_unavailable',
    'The server is temporarily unable to answer. Try again.',
  ],
  server_error: [500, 'server_error', 'An unexpected error occurred.'],
} as const satisfies Record<string, readonly [status: number, error: string, description: string]>

export type OAuthErrorCode = keyof typeof OAUTH_ERRORS

type OAuthErrorOptions = {
  headers?: Record<string, string>
  /**
   * A sentence more specific than that of the table. Characters beyond RFC 6749 §5.2 are
   * percent-encoded.
   */
  description?: string
  /** The cause, for the log alone: several causes share a code (`oauth/reasons.ts`). */
  reason?: string
}

/**
 * A refusal in the form of RFC 6749 §5.2. Any code below a route throws it; `renderError` renders
 * it.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  readonly headers: Record<string, string>
  readonly reason: string | undefined

  constructor(
    code: OAuthErrorCode,
    { headers = {}, description = OAUTH_ERRORS[code][2], reason }: OAuthErrorOptions = {},
  ) {
    super(describable(description))
    this.code = code
    this.headers = headers
    this.reason = reason
  }
}

/**
 * Makes a refusal whose description ends with the refused values: without secrets, each of at most
 * `MAX_SHOWN_CHARS`.
 * @example refusedValue('scope_not_granted', ['admin']) // '… is not granted for this audience: admin.'
 */
export const refusedValue = (
  code: OAuthErrorCode,
  values: readonly string[],
  options: Omit<OAuthErrorOptions, 'description'> = {},
): OAuthError => {
  const sentence: string = OAUTH_ERRORS[code][2]
  const description = `${sentence.replace(/\.$/, '')}: ${describedValues(values)}.`
  return new OAuthError(code, { ...options, description })
}

/**
 * Refuses a misspelling of a parameter that narrows: ignoring it would widen the request.
 * @param form describes how the value of the known parameter is sent
 */
export const misspelled = (
  code: 'parameter_misspelled' | 'metadata_misspelled',
  name: string,
  meant: string,
  form: string,
): OAuthError =>
  new OAuthError(code, {
    description: `${describedValues([name])} is not known; send ${meant}, ${form}.`,
  })

/** A refused start of the server or of a command. `message` is one line for the operator. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

/** A server that a command administers over HTTP and that gave no usable answer. `message` is one line. */
export class RemoteFailed extends Error {
  override readonly name = 'RemoteFailed'
}

/** A bad field: its path with dots (`grants.0.audience`), its rule and the value that was sent. */
export type FieldError = { field: string; detail: string }

/**
 * Codes of refused administrative operations, with their status and title in the API (RFC 9457).
 */
export const REFUSALS = {
  invalid_value: [422, 'A value breaks its rule.'],
  plugin_disabled: [409, 'A plugin that the client is given is disabled.'],
  unknown_reference: [422, 'A value refers to something that does not exist.'],
  not_found: [404, 'The address, or the row that it names, does not exist.'],
  already_exists: [409, 'The id exists already.'],
  conflict: [412, 'It was changed after it was read.'],
  last_administrator: [409, 'No administrator could log in afterwards.'],
  too_many_secrets: [409, 'The client has the most live secrets that it may have.'],
  key_too_young: [409, 'The next key has been published for less than 24 hours.'],
  exceeds_own_grant: [403, 'An administrator gives only what its own client has.'],
  enrollment_ended: [409, 'The enrollment has been used or revoked.'],
  too_many_revocations: [
    409,
    'The server has the most rules over unknown tokens that it may have.',
  ],
  too_many_runs: [409, 'The workspace has the most closed runs that it may have.'],
  no_ledger: [409, 'The server keeps no ledger of tokens.'],
  no_dry_run: [409, 'The database of the server cannot undo a change that was read.'],
  unbound_required: [403, 'Only unbound administrators may do this.'],
  body_malformed: [400, 'The body is not a JSON object in UTF-8 with each member once.'],
  body_too_large: [413, 'The body is too long.'],
  media_type_unsupported: [415, 'The Content-Type must be application/json.'],
  charset_unsupported: [415, 'The charset is not supported: send UTF-8.'],
  content_encoding_unsupported: [415, 'The Content-Encoding must be identity or left out.'],
  precondition_required: [428, 'If-Match must have the etag that was read.'],
  method_not_allowed: [405, 'This address does not answer this method.'],
  writes_exceeded: [
    429,
    'The administrator or its workspace has used up its budget of writes for now.',
  ],
  dry_runs_exceeded: [429, 'The server has no time for a dry run now.'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type RefusalCode = keyof typeof REFUSALS

/** A refused administrative operation; `message` is one line with the field and its rule. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused'
  readonly code: RefusalCode
  readonly errors: readonly FieldError[]

  constructor(code: RefusalCode, message: string, errors: readonly FieldError[] = []) {
    super(message)
    this.code = code
    this.errors = errors
  }
}

/** The row that has a taken id. The members are those of the answer. */
export type Existing = {
  noun: 'workspace' | 'audience' | 'plugin' | 'resource'
  id: string
  /** Type of a resource. */
  type?: string
  /** Name for people; absent for a noun without one. */
  name?: string
  /** Workspace of a resource. */
  workspace_id?: string
  /** True: the row was deleted, and its id is used once. */
  deleted: boolean
}

const existingSentence = ({ noun, id, type, name, workspace_id, deleted }: Existing): string => {
  const article = deleted ? 'a deleted' : noun === 'audience' ? 'an' : 'a'
  const row = [
    `${article} ${noun}`,
    ...(type === undefined ? [] : [`of type ${type}`]),
    ...(name === undefined || name === id ? [] : [`named ${shownValue(name)}`]),
    ...(workspace_id === undefined ? [] : [`in the workspace ${workspace_id}`]),
  ].join(' ')
  return deleted
    ? `the id ${id} was that of ${row}; ids are used once, so choose another`
    : `the id ${id} is taken by ${row}`
}

/** Refusal of an id that a row has, or had before it was deleted. */
export class AlreadyExists extends OperationRefused {
  readonly existing: Existing

  constructor(existing: Existing) {
    super('already_exists', existingSentence(existing))
    this.existing = existing
  }
}

/** Refusal of an operation that may succeed later. */
export class RefusedForNow extends OperationRefused {
  readonly waitSeconds: number

  constructor(
    code: 'writes_exceeded' | 'dry_runs_exceeded',
    { waitSeconds, reason }: { waitSeconds: number; reason?: string },
  ) {
    const remedy = `try again in ${plural(waitSeconds, 'second')}`
    super(code, reason === undefined ? remedy : `${reason}: ${remedy}`)
    this.waitSeconds = waitSeconds
  }
}

/** Another change came first: the caller reads and decides again. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
  readonly code = 'conflict'
}

export const ANSWER_ENDED_TITLE = 'The server aborted the answer.'

/** A long answer that the server aborts; `message` has the reason. */
export class AnswerEnded extends Error {
  override readonly name = 'AnswerEnded'
  readonly code = 'answer_ended'
}

/**
 * The database did not answer. The error keeps the driver's code alone, and no `cause`: the
 * driver's message can contain parameters (on D1 it does), which must not reach the log.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly code = 'store_unavailable'
  readonly driverCode: string

  constructor(driverCode: string) {
    super(`the database did not answer (${driverCode})`)
    this.driverCode = driverCode
  }
}

/**
 * Describes an error for the log: by its message if it is one of ours, else by its name, without
 * parameters.
 */
export const reasonOf = (error: unknown): string => {
  if (error instanceof StartRefused || error instanceof Unavailable) return error.message
  return error instanceof Error ? error.name : 'unknown'
}
