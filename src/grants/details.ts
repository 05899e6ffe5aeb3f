// The form of authorization details (RFC 9396), in grants and in requests. Pure: no I/O.
import {
  MAX_DETAILS,
  MAX_DETAIL_LIST,
  MAX_DETAIL_MEMBERS,
  MAX_DETAIL_TEXT_CHARS,
} from '../constants.ts'
import { isObject } from '../json.ts'
import { type Speller, createSpeller } from '../text/spelling.ts'
import { isVisible, textError } from '../text/text.ts'
import type { AuthorizationDetail, DetailScalar, DetailValue } from '../store/store.ts'

/** The type whose entries are executions of an agent. Any other type is one of registered resources. */
export const TOOL_RUN = 'tool_run'

/** Means any value, where it is the whole value of a member. */
export const ANY = '*'

/** The members that every entry of a type has, with the form of each. */
const members = (type: string): Readonly<Record<string, 'one' | 'one_or_any' | 'list_or_any'>> =>
  type === TOOL_RUN
    ? {
        identifier: 'one_or_any',
        project_id: 'one',
        locations: 'list_or_any',
        actions: 'list_or_any',
      }
    : { identifier: 'one_or_any', actions: 'list_or_any', parts: 'list_or_any' }

/** The members that a grant of this type must contain. */
export const requiredMembers = (type: string): string[] => Object.keys(members(type))

/** Members that have the same meaning in every type (RFC 9396 §2.2). */
const COMMON_MEMBERS = ['locations', 'actions', 'datatypes', 'identifier', 'privileges']

const createMemberSpeller = (type: string): Speller =>
  createSpeller([...new Set(['type', ...COMMON_MEMBERS, ...requiredMembers(type)])])

const spellRun = createMemberSpeller(TOOL_RUN)
const spellResource = createMemberSpeller('')

/** The member of its type that an unknown member of an entry misspells; null: none. */
export const memberMeant = (type: string, member: string): string | null =>
  (type === TOOL_RUN ? spellRun : spellResource)(member)

/**
 * Checks that a value is a list of entries, in the form that grants and requests share.
 * @returns the path of the first bad value and its required form; null: the list is good
 */
export const formError = (
  value: unknown,
): { path: string; must: string; sent?: unknown } | null => {
  if (!Array.isArray(value) || value.length > MAX_DETAILS) {
    return { path: '', must: `be a list of at most ${MAX_DETAILS} objects` }
  }
  for (const [i, entry] of value.entries()) {
    const error = entryError(entry)
    if (error !== null) return { ...error, path: [String(i), ...error.path].join('.') }
  }
  const texts = new Set(value.map((entry) => canonical(entry as AuthorizationDetail)))
  return texts.size === value.length ? null : { path: '', must: 'have each entry once' }
}

/** `sent` is the bad value of a member. */
type EntryError = { path: string[]; must: string; sent?: unknown }

const entryError = (entry: unknown): EntryError | null => {
  if (!isObject(entry)) return { path: [], must: 'be an object' }
  const { type } = entry
  const typeError = typeof type === 'string' ? hiddenIn(type) : null
  if (typeError !== null) return { path: ['type'], must: typeError }
  if (!isText(type) || type === ANY) {
    return { path: ['type'], must: 'be the name of a type', sent: type }
  }
  const names = Object.keys(entry)
  if (
    names.length > MAX_DETAIL_MEMBERS ||
    !names.every((name) => /^[A-Za-z][\w.:-]{0,63}$/.test(name))
  ) {
    return {
      path: [],
      must: `have at most ${MAX_DETAIL_MEMBERS} members, named with A-Z a-z 0-9 _ . : - and a letter first`,
    }
  }
  const forms = members(type)
  for (const name of names) {
    const must = valueError(entry[name], Object.hasOwn(forms, name) ? forms[name] : undefined)
    if (must !== null) return { path: [name], must, sent: entry[name] }
  }
  return null
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_DETAIL_TEXT_CHARS

const isScalar = (value: unknown): value is DetailScalar =>
  isText(value) ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value))

/** Refuses `"*"` within a list: there it would be one name among others, and its author means any. */
const isList = (value: unknown): value is DetailScalar[] =>
  Array.isArray(value) &&
  value.length <= MAX_DETAIL_LIST &&
  value.every((item) => isScalar(item) && item !== ANY) &&
  new Set(value).size === value.length

const LIST = `a list of at most ${MAX_DETAIL_LIST} different values, none of them "*"`

/** Refuses characters that a reader of a token or a table cannot see. */
const hiddenIn = (text: string): string | null => {
  if (text === '' || text.length > MAX_DETAIL_TEXT_CHARS) return null // another check refuses it
  return textError(text) ?? (isVisible(text) ? null : 'have a visible character')
}

const hiddenInValue = (value: unknown): string | null => {
  for (const item of Array.isArray(value) ? value.slice(0, MAX_DETAIL_LIST) : [value]) {
    const error = typeof item === 'string' ? hiddenIn(item) : null
    if (error !== null) return error
  }
  return null
}

const valueError = (
  value: unknown,
  kind: 'one' | 'one_or_any' | 'list_or_any' | undefined,
): string | null => {
  const hidden = hiddenInValue(value)
  if (hidden !== null) return hidden
  const isTextList = isList(value) && value.every((item) => typeof item === 'string')
  if (kind === 'one') return isText(value) && value !== ANY ? null : 'be one id, not "*"'
  if (kind === 'one_or_any') return isText(value) ? null : 'be one id, or "*" for any'
  if (kind === 'list_or_any') {
    return value === ANY || isTextList ? null : `be ${LIST}, or "*" for any`
  }
  return isScalar(value) || isList(value) ? null : `be a text, a number, a boolean or ${LIST}`
}

/** A text that is equal for values of the same meaning: the order of a list does not matter. */
export const canonicalValue = (value: DetailValue | undefined): string =>
  JSON.stringify(Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value)

/** A text that is equal for entries of the same meaning: the order of members and lists does not matter. */
const canonical = (entry: AuthorizationDetail): string =>
  JSON.stringify(
    Object.keys(entry)
      .sort()
      .map((name) => [name, canonicalValue(entry[name])]),
  )

/** True if one of the granted entries covers this run, or any run. */
export const coversRun = (granted: readonly AuthorizationDetail[], identifier: string): boolean =>
  granted.some(
    (entry) =>
      entry.type === TOOL_RUN &&
      (entry['identifier'] === ANY || entry['identifier'] === identifier),
  )

/** The entries of `before` that are missing or changed in `after`. */
export const takenDetails = (
  before: readonly AuthorizationDetail[],
  after: readonly AuthorizationDetail[],
): AuthorizationDetail[] => {
  const kept = new Set(after.map(canonical))
  return before.filter((entry) => !kept.has(canonical(entry)))
}

/** The target of an entry of a resource type. `identifier` null: any; `parts` null: all. */
export const targetOf = (entry: AuthorizationDetail) => {
  const parts = entry['parts']
  return {
    type: entry.type,
    identifier: entry['identifier'] === ANY ? null : String(entry['identifier']),
    parts: Array.isArray(parts) ? parts.map(String) : null,
  }
}
