// Decides which changes take something away, and computes the values of rules. Pure: no I/O.
import { createHash } from 'node:crypto'
import { runText } from '@latchkey/verifier/internal'
import { takenDetails } from './details.ts'
import { permissionsLosing } from './permissions.ts'
import type {
  Audience,
  Client,
  ClientChange,
  NewAudience,
  Plugin,
  PluginChange,
  Workspace,
} from '../store/store.ts'

/** Trust tiers from most to least trust: a step to the right takes something away. */
const TRUST_TIERS = ['bundled', 'trusted', 'restricted'] as const

/** The value of a rule over a workspace or a run: the SHA-256 of its text, in base64url. */
export const ruleValue = (text: string): string =>
  createHash('sha256').update(text).digest('base64url')

/**
 * The value of a rule over a workspace. The list of rules is public, so the value is made of the random reference: an
 * attacker who guesses ids finds none of them there.
 */
export const workspaceRuleValue = (reference: string): string => ruleValue(reference)

/** The value of a rule over a run. */
export const runRuleValue = (reference: string, identifier: string): string =>
  ruleValue(runText(reference, identifier))

/**
 * The value of a rule over a workspace, made of its id, as servers wrote it before references existed. The server still
 * writes such rules for tokens without a reference.
 */
export const namedWorkspaceValue = (workspaceId: string): string => ruleValue(workspaceId)

/**
 * The key of a run in the table of closed runs, which is not public. Clients outside every workspace have runs of their
 * own, under the empty name.
 */
export const namedRunValue = (workspaceId: string | null, identifier: string): string =>
  ruleValue(runText(workspaceId ?? '', identifier))

const lacks = <T>(before: readonly T[], after: readonly T[] | undefined): boolean => {
  const kept = new Set(after)
  return after !== undefined && before.some((item) => !kept.has(item))
}

const flatGrants = (grants: Client['grants']): string[] =>
  grants.flatMap((grant) => grant.permissions.map((name) => JSON.stringify([grant.audience, name])))

/** Ignores introspection rights: tokens do not carry them, so no token has to be revoked. */
export const takesFromClient = (before: Client, change: ClientChange): boolean =>
  (change.status !== undefined && change.status !== 'active' && before.status === 'active') ||
  lacks(before.plugins, change.plugins) ||
  (change.details !== undefined && takenDetails(before.details, change.details).length > 0) ||
  (change.grants !== undefined && lacks(flatGrants(before.grants), flatGrants(change.grants)))

export const takesFromPlugin = (before: Plugin, change: PluginChange): boolean =>
  (change.status === 'disabled' && before.status === 'active') ||
  lacks(before.capabilities, change.capabilities) ||
  (change.trust !== undefined &&
    TRUST_TIERS.indexOf(change.trust) > TRUST_TIERS.indexOf(before.trust))

export const takesFromWorkspace = (before: Workspace, change: Partial<Workspace>): boolean =>
  before.status === 'active' && change.status === 'suspended'

/**
 * The permissions whose holders lose something: removed permissions, permissions that imply less than before, or all
 * permissions where the audience begins to require a plugin.
 */
export const permissionsTaken = (before: Audience, change: Partial<NewAudience>): string[] => {
  if (change.requiresPlugin === true && !before.requiresPlugin) {
    return before.permissions.map((permission) => permission.name)
  }
  const after = change.permissions
  return after === undefined ? [] : permissionsLosing(before.permissions, after)
}
