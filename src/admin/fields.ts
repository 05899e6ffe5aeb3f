// Fields of the input of administration, each with its rule (design: Words). Pure: no I/O.
import { isScopeToken, isSecureUrl } from '@latchkey/verifier/internal'
import { z } from 'zod'
import {
  CHOSEN_ID as ID,
  MAX_CAPABILITIES_CHARS,
  MAX_DETAILS,
  MAX_DETAILS_CHARS,
  MAX_DETAIL_VALUES,
  MAX_ENROLLMENT_TTL_SECONDS,
  MAX_GRANTED_PERMISSIONS,
  MAX_NAME_CHARS,
  MAX_PREVIOUS_EXPIRES_IN_SECONDS,
  MAX_QUOTA_PER_MINUTE,
  MAX_SECRET_TTL_SECONDS,
  MAX_TOKEN_BYTES,
  MAX_TOKEN_TTL_SECONDS,
  MAX_UNUSED_AFTER_DAYS,
  MIN_TOKEN_TTL_SECONDS,
} from '../constants.ts'
import { humanText } from '../text/human-text.ts'
import { TOOL_RUN, formError, memberMeant, requiredMembers, targetOf } from '../grants/details.ts'
import { ALGORITHM_LIST, ALGORITHM_NAMES } from '../signing/algorithms.ts'
import type { AuthorizationDetail, Grant } from '../store/store.ts'

const ID_RULE = 'must be 1 to 128 of A-Z a-z 0-9 . _ : / ~ - and begin with a letter or digit'
const MAX_AUDIENCE_URI_CHARS = 255
const MAX_PERMISSION_CHARS = 128
const MAX_CAPABILITY_CHARS = 128
/** Longest list, in entries. */
export const MAX_LIST = 1_000

/** An id that an administrator chooses: plugin, workspace, snapshot. */
export const chosenId = z.string().regex(ID, { error: ID_RULE })

/** A chosen id, or an absolute https URI (http for loopback) without fragment (RFC 8707 §2). */
export const audienceId = z
  .string()
  .refine(
    (text) => {
      if (!text.includes('://')) return ID.test(text)
      if (text.length > MAX_AUDIENCE_URI_CHARS || !/^[\x21-\x7e]+$/.test(text)) return false
      return !text.includes('#') && isSecureUrl(text)
    },
    { error: `${ID_RULE}, or be an absolute https URI of up to 255 characters without fragment` },
  )
  .meta({ description: 'The id of an audience: like other ids, or an absolute https URI.' })

export const presentedToken = z
  .string()
  .max(MAX_TOKEN_BYTES, { error: `must have at most ${MAX_TOKEN_BYTES} characters` })
  .meta({ description: 'An access token of this server.' })

/** A token id as `newJti` makes it: no other text is the id of a token. */
export const tokenId = z
  .string()
  .regex(/^[\w-]{22}$/, { error: 'must be a jti of this server: 22 of A-Z a-z 0-9 _ -' })
  .meta({ description: 'The `jti` of an access token of this server.' })

export const permissionName = z
  .string()
  .max(MAX_PERMISSION_CHARS, { error: `must have at most ${MAX_PERMISSION_CHARS} characters` })
  .refine((text) => isScopeToken(text) && !text.includes(','), {
    error: 'must be a scope value (RFC 6749 §3.3) without comma',
  })
  .meta({ description: 'A scope value (RFC 6749 §3.3) without comma.' })

export const name = humanText(MAX_NAME_CHARS)

export const CAPABILITY = /^[A-Za-z0-9][A-Za-z0-9._-]*(:[A-Za-z0-9._/-]+)?$/

/** `connector:slack`, or coarse `connector`. Capabilities are compared as text, so a glob is refused. */
export const capability = z
  .string()
  .max(MAX_CAPABILITY_CHARS, { error: `must have at most ${MAX_CAPABILITY_CHARS} characters` })
  .regex(CAPABILITY, {
    error: 'must be a word, or word:word, without globs',
  })

export const trust = z.enum(['bundled', 'trusted', 'restricted'], {
  error: 'must be bundled, trusted or restricted',
})

export const algorithm = z.enum(ALGORITHM_NAMES, { error: `must be ${ALGORITHM_LIST}` }).meta({
  description:
    'Signature algorithm of tokens. `EdDSA` and `Ed25519` are two names of one algorithm (RFC 9864).',
})

const wholeNumber = (min: number, max: number, unit: string) =>
  z
    .int({ error: `must be a whole number of ${unit} from ${min} to ${max}` })
    .min(min, { error: `must be from ${min} to ${max} ${unit}` })
    .max(max, { error: `must be from ${min} to ${max} ${unit}` })

export const tokenTtl = wholeNumber(MIN_TOKEN_TTL_SECONDS, MAX_TOKEN_TTL_SECONDS, 'seconds')
export const quotaPerMinute = wholeNumber(1, MAX_QUOTA_PER_MINUTE, 'requests a minute')
export const expiresIn = wholeNumber(1, MAX_SECRET_TTL_SECONDS, 'seconds')
export const enrollmentExpiresIn = wholeNumber(1, MAX_ENROLLMENT_TTL_SECONDS, 'seconds')
export const unusedAfterDays = wholeNumber(1, MAX_UNUSED_AFTER_DAYS, 'days')
export const previousExpiresIn = wholeNumber(0, MAX_PREVIOUS_EXPIRES_IN_SECONDS, 'seconds')

/** A list; repeated entries are dropped. */
export const listOf = <T extends z.ZodType<string>>(item: T) =>
  z
    .array(item)
    .max(MAX_LIST, { error: `must have at most ${MAX_LIST} entries` })
    .transform((items) => [...new Set(items)])

/** Capabilities of a plugin. Their sum is bounded: a token for the plugin contains them all. */
export const capabilities = listOf(capability).refine(
  (list) => JSON.stringify(list).length <= MAX_CAPABILITIES_CHARS,
  { error: `must have at most ${MAX_CAPABILITIES_CHARS} characters as JSON` },
)

export const permissionsIn = (grants: readonly Pick<Grant, 'permissions'>[]): number =>
  grants.reduce((sum, { permissions }) => sum + permissions.length, 0)

/** Entries `{ audience, permissions }`, each audience once. */
export const grants = z
  .array(z.strictObject({ audience: audienceId, permissions: listOf(permissionName) }))
  .max(MAX_LIST, { error: `must have at most ${MAX_LIST} entries` })
  .refine((list) => new Set(list.map(({ audience }) => audience)).size === list.length, {
    error: 'must name each audience once',
  })
  .refine((list) => permissionsIn(list) <= MAX_GRANTED_PERMISSIONS, {
    error: `must have at most ${MAX_GRANTED_PERMISSIONS} permissions at all audiences together`,
  })

const missingMember = (entries: readonly AuthorizationDetail[]) => {
  for (const [i, entry] of entries.entries()) {
    const member = requiredMembers(entry.type).find((name) => !Object.hasOwn(entry, name))
    if (member !== undefined) return { path: `${i}.${member}`, must: 'be written out' }
  }
  return null
}

/** Finds a misspelled member: a misspelled limit would limit nothing. */
const misspelledMember = (entries: readonly AuthorizationDetail[]) => {
  for (const [i, entry] of entries.entries()) {
    for (const member of Object.keys(entry)) {
      const meant = memberMeant(entry.type, member)
      if (meant !== null) return { path: `${i}.${member}`, must: `be written ${meant}` }
    }
  }
  return null
}

/** Finds an entry that names parts without a resource. */
const partOfAny = (entries: readonly AuthorizationDetail[]) => {
  const i = entries.findIndex((entry) => {
    const { identifier, parts } = targetOf(entry)
    return entry.type !== TOOL_RUN && identifier === null && parts !== null && parts.length > 0
  })
  const must = 'be "*" or empty where the identifier is "*"'
  return i < 0 ? null : { path: `${i}.parts`, must }
}

/** Bounds the sums over all entries, beyond the bounds of each entry. */
const tooLarge = (entries: readonly AuthorizationDetail[]) => {
  const values = entries
    .flatMap((entry) => Object.values(entry))
    .reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 0), 0)
  if (values > MAX_DETAIL_VALUES) {
    return { path: '', must: `have at most ${MAX_DETAIL_VALUES} values in all lists together` }
  }
  const chars = JSON.stringify(entries).length
  const must = `have at most ${MAX_DETAILS_CHARS} characters as JSON`
  return chars > MAX_DETAILS_CHARS ? { path: '', must } : null
}

/** One entry as it was sent, checked below: an object schema would silently drop a member `__proto__`. */
const detail = z.custom<AuthorizationDetail>().meta({
  override: {
    type: 'object',
    properties: { type: { type: 'string' } },
    required: ['type'],
    additionalProperties: {},
  },
})

/** Granted details. Every member is required, so that no default widens a grant. */
export const grantedDetails = z
  .array(detail)
  .max(MAX_DETAILS, { error: `must be a list of at most ${MAX_DETAILS} objects`, abort: true })
  .superRefine((entries, context) => {
    const error =
      formError(entries) ??
      misspelledMember(entries) ??
      missingMember(entries) ??
      partOfAny(entries) ??
      tooLarge(entries)
    if (error === null) return
    const path = error.path === '' ? [] : error.path.split('.')
    context.addIssue({ code: 'custom', path, message: `must ${error.must}` })
  })
  .meta({
    description:
      'RFC 9396. Every member of a type is required: `"*"` means any, an empty list means none.',
  })
