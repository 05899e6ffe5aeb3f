// Registered members of client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration
// 1.0 §2, IANA registry "OAuth Dynamic Client Registration Metadata") that the server checks and
// does not use. It stores `software_id` and `redirect_uris` alone. It refuses a member that asks
// for a protection of tokens that it does not have. Pure: no I/O.
import { z } from 'zod'
import { MAX_NAME_CHARS, MAX_REDIRECT_URIS, MAX_URI_CHARS } from '../constants.ts'
import { fieldSentence, sentText } from '../text/field-sentences.ts'
import { humanText } from '../text/human-text.ts'
import { type Speller, createSpeller } from '../text/spelling.ts'

/** A URI of RFC 3986: printable ASCII with a scheme. */
const uri = z
  .string()
  .refine(
    (text) =>
      text.length <= MAX_URI_CHARS &&
      /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(text) &&
      URL.canParse(text),
    { error: `must be an absolute URI of up to ${MAX_URI_CHARS} characters` },
  )
const webAddress = uri.refine((text) => /^https?:/i.test(text), {
  error: 'must be an http or https URL',
})

/** Schemes that run a script or contain a page. Clients refuse an answer that has one. */
const NEVER_REDIRECTED_TO = ['javascript:', 'data:', 'vbscript:']
const schemeOf = (text: string): string => text.slice(0, text.indexOf(':') + 1).toLowerCase()

const pageUri = uri.refine((text) => !NEVER_REDIRECTED_TO.includes(schemeOf(text)), {
  error: 'must not have the scheme javascript, data or vbscript',
})

const hasNoFragment = (text: string): boolean => !text.includes('#')
const NO_FRAGMENT = { error: 'must have no fragment' }

/** A redirection URI (RFC 6749 §3.1.2). The server stores and answers it, and redirects to none. */
const redirectUri = pageUri.refine(hasNoFragment, NO_FRAGMENT)

const word = z.string().regex(/^[\x21-\x7e]{1,255}$/, { error: 'must be one word' })
const words = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, { error: 'must be words of printable ASCII' })
const text = humanText(MAX_NAME_CHARS)

/** A distinguished name (RFC 4514 §3): `type=value`, joined by commas. */
const distinguishedName = humanText(MAX_URI_CHARS).refine((name) => name.includes('='), {
  error: 'must be a distinguished name (RFC 4514)',
})
const ipAddress = z.union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' })

/**
 * Refuses a request for a protection of tokens that the server lacks: the client must not register
 * without it.
 */
const switchedOff = (why: string) =>
  z.boolean().refine((requested) => !requested, { error: `must be false or left out: ${why}` })
const leftOut = (why: string) => z.undefined({ error: `must be left out: ${why}` })

const unbound = switchedOff('this server does not bind tokens to a key')
const plainIntrospection = leftOut('this server neither signs nor encrypts introspection answers')
const chosenSignature = leftOut('the audience of a token decides its signature')
const plainToken = leftOut('this server does not encrypt tokens')

/** Members that RFC 7591 §2.2 lets a client repeat for each language, as `client_name#ja`. */
const LOCALIZED: Readonly<Record<string, z.ZodType>> = {
  client_name: text,
  client_uri: webAddress,
  logo_uri: webAddress,
  policy_uri: webAddress,
  tos_uri: webAddress,
}

const FORMS = {
  redirect_uris: z.array(redirectUri).max(MAX_REDIRECT_URIS),
  response_types: z.array(words),
  contacts: z.array(text),
  client_uri: webAddress,
  logo_uri: webAddress,
  policy_uri: webAddress,
  tos_uri: webAddress,
  software_id: text,
  software_version: text,
  software_statement: z.string().regex(/^[\w-]+\.[\w-]+\.[\w-]*$/, { error: 'must be a JWT' }),
  token_endpoint_auth_signing_alg: word,
  application_type: z.enum(['native', 'web']),
  sector_identifier_uri: webAddress,
  subject_type: z.enum(['pairwise', 'public']),
  id_token_signed_response_alg: word,
  id_token_encrypted_response_alg: word,
  id_token_encrypted_response_enc: word,
  userinfo_signed_response_alg: word,
  userinfo_encrypted_response_alg: word,
  userinfo_encrypted_response_enc: word,
  request_object_signing_alg: word,
  request_object_encryption_alg: word,
  request_object_encryption_enc: word,
  default_max_age: z.int().min(0),
  require_auth_time: z.boolean(),
  default_acr_values: z.array(word),
  initiate_login_uri: webAddress,
  request_uris: z.array(webAddress),
  post_logout_redirect_uris: z.array(pageUri),
  frontchannel_logout_uri: webAddress,
  frontchannel_logout_session_required: z.boolean(),
  backchannel_logout_uri: webAddress.refine(hasNoFragment, NO_FRAGMENT),
  backchannel_logout_session_required: z.boolean(),
  backchannel_token_delivery_mode: z.enum(['poll', 'ping', 'push']),
  backchannel_client_notification_endpoint: webAddress,
  backchannel_authentication_request_signing_alg: word,
  backchannel_user_code_parameter: z.boolean(),
  claims_redirect_uris: z.array(pageUri),
  authorization_signed_response_alg: word,
  authorization_encrypted_response_alg: word,
  authorization_encrypted_response_enc: word,
  authorization_details_types: z.array(text),
  require_signed_request_object: z.boolean(),
  require_pushed_authorization_requests: z.boolean(),
  use_mtls_endpoint_aliases: z.boolean(),
  tls_client_auth_subject_dn: distinguishedName,
  tls_client_auth_san_dns: z.hostname({ error: 'must be a DNS name' }),
  tls_client_auth_san_uri: uri,
  tls_client_auth_san_ip: ipAddress,
  tls_client_auth_san_email: z.email({ error: 'must be an email address' }),
  tls_client_certificate_bound_access_tokens: unbound,
  dpop_bound_access_tokens: unbound,
  introspection_signed_response_alg: plainIntrospection,
  introspection_encrypted_response_alg: plainIntrospection,
  introspection_encrypted_response_enc: plainIntrospection,
  nfv_token_signed_response_alg: chosenSignature,
  nfv_token_encrypted_response_alg: plainToken,
  nfv_token_encrypted_response_enc: plainToken,
} as const

type Optional<T extends Readonly<Record<string, z.ZodType>>> = {
  [K in keyof T]: z.ZodOptional<T[K]>
}

const optional = <T extends Readonly<Record<string, z.ZodType>>>(forms: T): Optional<T> =>
  Object.fromEntries(
    Object.entries(forms).map(([name, form]) => [name, form.optional()]),
  ) as Optional<T>

export const REGISTERED_MEMBERS = optional(FORMS)

/**
 * An invalid member. `sent` is its value, if that is a text, a number, a boolean or a list of
 * these.
 */
export type BadMember = { code: BadMemberCode; field: string; must: string; sent?: string }
/** An invalid redirection URI has an error of its own (RFC 7591 §3.2.2). */
type BadMemberCode = 'metadata_invalid' | 'redirect_uri_invalid'

export const badMember = (issues: readonly z.core.$ZodIssue[], member: string): BadMember => {
  const [issue] = issues
  const [field = member, entry] = (issue?.path ?? []).map(String)
  const must = issue?.message ?? 'must be of another form'
  const sent = sentText(issue?.path ?? [], issue?.input)
  const isRedirectUri = field === 'redirect_uris' && entry !== undefined
  return {
    code: isRedirectUri ? 'redirect_uri_invalid' : 'metadata_invalid',
    field,
    must: entry === undefined ? must : `entry ${Number(entry) + 1} ${must}`,
    ...(sent !== undefined && { sent }),
  }
}

/** The form of a language tag (RFC 5646 §2.1). The subtags are not looked up. */
const LANGUAGE_TAG = /^[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,9}$/i

/**
 * The name before a language tag (RFC 7591 §2.2); null for a member without a tag, or one that
 * allows none.
 */
const localizedName = (member: string): string | null => {
  const hash = member.indexOf('#')
  const name = hash < 0 ? '' : member.slice(0, hash)
  return Object.hasOwn(LOCALIZED, name) ? name : null
}

/** Members of answers (RFC 7592 §3). An update repeats some of them (§2.2). */
const ANSWERED_MEMBERS = [
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'client_id_issued_at',
  'registration_access_token',
  'registration_client_uri',
]
const USED_MEMBERS = ['scope', 'token_endpoint_auth_method', 'grant_types', 'jwks', 'jwks_uri']

const MEMBERS = [...Object.keys(FORMS), 'client_name', ...USED_MEMBERS, ...ANSWERED_MEMBERS]
const KNOWN = new Set(MEMBERS)
const speller = createSpeller(MEMBERS)

/**
 * The member that a name misspells; null for a known name, with or without a language tag, and for
 * any other word.
 */
export const memberMeant: Speller = (name) => (localizedName(name) === null ? speller(name) : null)

/** True for a known member and for a misspelling of one. */
export const isMember: (name: string) => boolean = (name) =>
  KNOWN.has(name) || localizedName(name) !== null || speller(name) !== null

const OTHER_FORMS: Readonly<Record<string, string>> = {
  grant_types: 'a list',
  jwks: 'an object',
  scope: 'a text with the values and single spaces between',
  client_secret_expires_at: 'a number',
  client_id_issued_at: 'a number',
}

/**
 * Describes the JSON type of a known member.
 * @example memberForm('redirect_uris') // 'a list'
 */
export const memberForm = (name: string): string => {
  const form: z.ZodType | undefined = Object.hasOwn(FORMS, name)
    ? FORMS[name as keyof typeof FORMS]
    : undefined
  if (form instanceof z.ZodArray) return 'a list'
  if (form instanceof z.ZodNumber) return 'a number'
  if (form instanceof z.ZodBoolean) return 'true or false'
  return OTHER_FORMS[name] ?? 'a text'
}

/** Finds the first `name#tag` (RFC 7591 §2.2) with a malformed tag or value. */
export const badLocalized = (body: Readonly<Record<string, unknown>>): BadMember | null => {
  for (const [member, value] of Object.entries(body)) {
    const name = localizedName(member)
    const form = name === null ? undefined : LOCALIZED[name]
    if (name === null || form === undefined) continue
    const tag = member.slice(name.length + 1)
    if (!LANGUAGE_TAG.test(tag)) {
      return {
        code: 'metadata_invalid',
        field: name,
        must: 'must have a language tag (RFC 5646) after #',
        sent: tag,
      }
    }
    const { error } = form.safeParse(value, { error: fieldSentence, reportInput: true })
    if (error) return badMember(error.issues, name)
  }
  return null
}
