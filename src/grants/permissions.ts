// Permissions of an audience and their implications. Each function takes time in proportion to the declaration. Pure:
// no I/O.
import { isScopeToken } from '@latchkey/verifier/internal'
import type { Permission, GrantedClient } from '../store/store.ts'

type Declared = readonly Permission[]

/** Sets of permissions as bits: each declared name has one bit. */
type Bits = ReadonlyMap<string, bigint>

export type Implications = {
  /**
   * Adds all that these names imply. Each name occurs once, in the order in which it is reached. Leaves out names that
   * the audience does not declare.
   */
  expand(names: Iterable<string>): ReadonlySet<string>
  /** The names that no other of these names implies, and the names in `first`. */
  fewest(names: readonly string[], first: ReadonlySet<string>): string[]
}

const prepared = new WeakMap<Declared, Implications>()

/** Caches by the array, which is immutable: token requests read the same array until a commit. */
export const implicationsOf = (declared: Declared): Implications => {
  const cached = prepared.get(declared)
  if (cached !== undefined) return cached
  const implications = prepare(declared)
  prepared.set(declared, implications)
  return implications
}

const prepare = (declared: Declared): Implications => {
  const implies = new Map(declared.map((permission) => [permission.name, permission.implies]))
  return {
    expand(names) {
      const reached = new Set<string>()
      for (const name of names) reach(name, implies, reached)
      return reached
    },
    fewest: (names, first) => fewest(names, first, declared),
  }
}

type ClientGrant = GrantedClient['grants'][number]

const expanded = new WeakMap<ClientGrant, ReadonlySet<string>>()

/** The permissions of a grant with all that they imply. Caches by the grant. */
export const grantedNames = (grant: ClientGrant): ReadonlySet<string> => {
  const cached = expanded.get(grant)
  if (cached !== undefined) return cached
  const names = implicationsOf(grant.audience.permissions).expand(grant.permissions)
  expanded.set(grant, names)
  return names
}

/** Walks breadth first, and visits each permission once. */
const reach = (
  name: string,
  implies: ReadonlyMap<string, readonly string[]>,
  reached: Set<string>,
): void => {
  if (reached.has(name) || !implies.has(name)) return
  const waiting = [name]
  reached.add(name)
  for (const next of waiting) {
    for (const other of implies.get(next) ?? []) {
      if (reached.has(other) || !implies.has(other)) continue
      reached.add(other)
      waiting.push(other)
    }
  }
}

const fewest = (
  names: readonly string[],
  first: ReadonlySet<string>,
  declared: Declared,
): string[] => {
  const bits = bitsOf(declared)
  const reached = closures(declared, bits)
  const wanted = new Set(names)
  const kept = new Set(names.filter((name) => first.has(name)))
  let covered = 0n
  for (const name of kept) covered |= reached.get(name) ?? 0n
  // A permission that implies another comes before it.
  for (const { name } of impliedFirst(declared).reverse()) {
    if (!wanted.has(name) || (covered & (bits.get(name) ?? 0n)) !== 0n) continue
    kept.add(name)
    covered |= reached.get(name) ?? 0n
  }
  return names.filter((name) => kept.has(name))
}

/** The permissions of `before` that imply less in `after`, or are missing there. */
export const permissionsLosing = (before: Declared, after: Declared): string[] => {
  const bits = bitsOf(before)
  const had = closures(before, bits)
  const has = closures(after, bits)
  return before
    .map(({ name }) => name)
    .filter((name) => ((had.get(name) ?? 0n) & ~(has.get(name) ?? 0n)) !== 0n)
}

const bitsOf = (declared: Declared): Bits =>
  new Map(declared.map(({ name }, i) => [name, 1n << BigInt(i)]))

/** All that each permission implies, itself included. Names without a bit are left out. */
const closures = (declared: Declared, bits: Bits): Bits => {
  const reached = new Map(declared.map(({ name }) => [name, bits.get(name) ?? 0n]))
  const ordered = impliedFirst(declared)
  // A second pass finds nothing new unless permissions imply each other in a circle.
  for (let changed = true; changed;) {
    changed = false
    for (const { name, implies } of ordered) {
      const before = reached.get(name) ?? 0n
      const after = implies.reduce((all, other) => all | (reached.get(other) ?? 0n), before)
      if (after !== before) changed = true
      reached.set(name, after)
    }
  }
  return reached
}

/** Sorts each permission behind the permissions that it implies. */
const impliedFirst = (declared: Declared): Permission[] => {
  const byName = new Map(declared.map((permission) => [permission.name, permission]))
  const seen = new Set<string>()
  const ordered: Permission[] = []
  const visit = (permission: Permission): void => {
    if (seen.has(permission.name)) return
    seen.add(permission.name)
    for (const name of permission.implies) {
      const other = byName.get(name)
      if (other !== undefined) visit(other)
    }
    ordered.push(permission)
  }
  for (const permission of declared) visit(permission)
  return ordered
}

/** True if a permission implies itself by way of others. */
export const isCircular = (declared: Declared): boolean => {
  const position = new Map(impliedFirst(declared).map(({ name }, i) => [name, i]))
  const at = (name: string): number => position.get(name) ?? -1
  return declared.some(({ name, implies }) => implies.some((other) => at(other) >= at(name)))
}

/**
 * Parses `scope-token *( SP scope-token )` (RFC 6749 §3.3): the values in their order, each once; null for any other
 * text.
 */
export const scopeValues = (scope: string): string[] | null => {
  const values = scope.split(' ')
  return values.every(isScopeToken) ? [...new Set(values)] : null
}
