// Failures to get the issuer's keys: the cause of `keys_unavailable`. No I/O.
import { TimedOut } from '../net/deadline.ts'
import { recognizeAcrossBuilds } from '../sharing.ts'

/** The sentence for each code. */
const SENTENCES = {
  dns: 'the key server’s name cannot be resolved',
  tls: 'the key server’s certificate or TLS is not accepted',
  connection: 'there is no connection to the key server',
  timeout: 'the key server is too slow',
  network: 'the request to the key server failed',
  redirect: 'the key server answered with a redirect, which is not followed',
  http_status: 'the status of the key server’s answer is not 200',
  too_long: 'the key server’s answer is too long',
  not_a_key_set: 'the key server’s answer is no JWK Set',
  empty_key_set: 'the key set is empty',
  no_usable_key: 'the key set has no usable key',
  not_asked: 'the key server was asked for an unknown key seconds ago, and is asked again later',
} as const

/** The stable code of a failure to get the keys. */
export type KeysFailureCode = keyof typeof SENTENCES

/**
 * A failure to get the keys: the `cause` of `keys_unavailable`. `code` is stable; its own `cause`
 * is the error of the platform.
 * @example
 * try {
 *   await verifier.ready()
 * } catch (error) {
 *   if (error instanceof VerifierUnavailable && error.cause instanceof KeysFailure) {
 *     console.warn(error.cause.code, error.cause.status)
 *   }
 * }
 */
export class KeysFailure extends Error {
  override readonly name = 'KeysFailure'
  readonly code: KeysFailureCode
  /** HTTP status of the answer; null for a failure without one. */
  readonly status: number | null

  /** @param detail a few words, none of them from the text of an answer */
  constructor(
    code: KeysFailureCode,
    detail?: string,
    { status = null, ...options }: { cause?: unknown; status?: number | null } = {},
  ) {
    super(detail === undefined ? SENTENCES[code] : `${SENTENCES[code]} (${detail})`, options)
    this.code = code
    this.status = status
  }
}

recognizeAcrossBuilds({ KeysFailure })

/** Converts any error of a fetch to a KeysFailure. */
export const keysFailureOf = (error: unknown): KeysFailure => {
  if (error instanceof KeysFailure) return error
  if (error instanceof TimedOut) return new KeysFailure('timeout')
  const chain = causesOf(error)
  const names = chain.flatMap(({ code, name }) => [code, name].filter(isText))
  const messages = chain.map(({ message }) => message).filter(isText)
  // Codes come first, because messages contain host names. Deno has no codes.
  const kind = kindOf(names, CODES) ?? kindOf(messages, MESSAGES) ?? 'network'
  const code = chain.map((one) => one.code).findLast(isText)
  return new KeysFailure(kind, code?.slice(0, MAX_CODE_CHARS), { cause: error })
}

type NetworkFailure = Extract<KeysFailureCode, 'dns' | 'tls' | 'connection' | 'timeout' | 'network'>
type Patterns = readonly (readonly [NetworkFailure, RegExp])[]

/** Error codes of Node, undici and Bun. */
const CODES: Patterns = [
  ['dns', /^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL|DNS)/],
  [
    'tls',
    /^(CERT|ERR_TLS|ERR_SSL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MIS|INVALID_|EPROTO|PATH_LEN)/,
  ],
  ['timeout', /^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_\w{1,20}_TIMEOUT|TimeoutError)/],
  ['connection', /^(ECONN|EHOST|ENET|EPIPE|EADDR|UND_ERR_SOCKET|Connection|FailedToOpen)/],
]

/** Error messages of Deno and workerd, which have no codes. */
const MESSAGES: Patterns = [
  ['dns', /\bdns\b|name resolution|lookup address/i],
  ['tls', /certificate|\btls\b|\bssl\b/i],
  ['timeout', /timed out/i],
  ['connection', /connection|connect error|network connection lost/i],
]

const kindOf = (texts: readonly string[], patterns: Patterns): NetworkFailure | undefined =>
  patterns.find(([, pattern]) => texts.some((text) => pattern.test(text)))?.[0]

const MAX_CODE_CHARS = 64
const MAX_MESSAGE_CHARS = 500
const MAX_CAUSES = 5

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

type Thrown = { code?: unknown; name?: unknown; message?: unknown; cause?: unknown }

/** The error and its causes, outermost first, with shortened messages. */
const causesOf = (error: unknown): { code: unknown; name: unknown; message: unknown }[] => {
  const chain = []
  let thrown = error as Thrown | null | undefined
  while (typeof thrown === 'object' && thrown !== null && chain.length < MAX_CAUSES) {
    const { code, name, message } = thrown
    chain.push({ code, name, message: isText(message) ? message.slice(0, MAX_MESSAGE_CHARS) : '' })
    thrown = thrown.cause as Thrown | null | undefined
  }
  return chain
}
