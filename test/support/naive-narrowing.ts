// Reference implementation of narrowing and implication, entry by entry and name by name as defined. Tests compare the
// fast implementation with it.
import { TOOL_RUN } from '../../src/grants/details.ts'
import type { Narrowing } from '../../src/grants/held-details.ts'
import type { AuthorizationDetail, DetailValue, Permission } from '../../src/store/store.ts'

const ANY = '*'

/** Text of an entry that is independent of the order of its members and lists. */
const canonical = (entry: AuthorizationDetail): string =>
  JSON.stringify(
    Object.keys(entry)
      .sort()
      .map((name) => {
        const value = entry[name]
        return [
          name,
          Array.isArray(value) ? [...value].map((v) => JSON.stringify(v)).sort() : value,
        ]
      }),
  )

/** @returns null where the grant does not allow the requested entry */
const narrowDetail = (
  granted: AuthorizationDetail,
  asked: AuthorizationDetail,
): AuthorizationDetail | null => {
  const allowed = (name: string): boolean =>
    Object.hasOwn(granted, name) && allows(granted[name], asked[name])
  const names = Object.keys(asked)
  const lists = names.filter((name) => Array.isArray(asked[name]))
  const others = names.filter((name) => !Array.isArray(asked[name]))
  return [...others, ...lists].every(allowed) ? { ...granted, ...asked } : null
}

const allows = (granted: DetailValue | undefined, asked: DetailValue | undefined): boolean => {
  if (granted === ANY) return true
  if (Array.isArray(granted)) {
    const values = new Set<unknown>(granted)
    return Array.isArray(asked) && asked.every((item) => values.has(item))
  }
  return granted === asked
}

/** True for an entry that names every member of the granted one and allows no more than it. */
export const isWithinNaively = (
  granted: AuthorizationDetail,
  entry: AuthorizationDetail,
): boolean =>
  Object.keys(granted).every((name) => Object.hasOwn(entry, name)) &&
  narrowDetail(granted, entry) !== null

/** Compares each requested entry with each granted one. */
export const narrowDetailsNaively = (
  granted: readonly AuthorizationDetail[],
  asked: readonly AuthorizationDetail[],
): Narrowing => {
  const details = new Map<string, AuthorizationDetail>()
  for (const wish of asked) {
    const fits = granted.flatMap((entry) => narrowDetail(entry, wish) ?? [])
    const different = new Map(fits.map((entry) => [canonical(entry), entry]))
    const [found] = different
    if (found === undefined) return { refused: 'details_not_granted', entry: wish }
    if (different.size > 1) return { refused: 'details_ambiguous', entry: wish }
    const [text, entry] = found
    if (details.has(text)) return { refused: 'details_repeated', entry: wish }
    if (entry['identifier'] === ANY) {
      const refused = entry.type === TOOL_RUN ? 'run_not_named' : 'resource_not_named'
      return { refused, entry: wish }
    }
    details.set(text, entry)
  }
  return { details: [...details.values()] }
}

/** A permission and all permissions that it implies: itself first, then in the order in which they are reached. */
export const impliedNaively = (name: string, permissions: readonly Permission[]): string[] => {
  const byName = new Map(permissions.map((permission) => [permission.name, permission]))
  const reached = new Set<string>()
  const waiting = [name]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const permission = byName.get(next)
    if (permission === undefined || reached.has(next)) continue
    reached.add(next)
    waiting.push(...permission.implies)
  }
  return [...reached]
}
