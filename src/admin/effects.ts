// Effects of a change: what it ends, found by comparing the state before it with the state after it.
import { workspaceRuleValue } from '../grants/taking-away.ts'
import { countOut } from '../store/ledger.ts'
import type { Revocation, Usable } from '../store/store.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'

type StateDeps = Pick<Deps, 'store' | 'clock'>
type EffectDeps = Pick<Deps, 'store' | 'ledger' | 'log' | 'clock'>

export type Effects = {
  /** Clients whose tokens end, or that may log in no more. `all`: a key ends, which signed for any client. */
  clients: number | 'all'
  /** Secrets that work no more. */
  secrets: number
  /** Enrollments that work no more. */
  enrollments: number
  /** Signing keys that are revoked. */
  keys: number
  /**
   * Unexpired tokens of the ledger that end. The ledger has the tokens of runs and of the clients that are set to it:
   * other tokens end too, and are not counted. Null: the ledger cannot tell.
   */
  live_tokens: number | null
}

/** Rows that a change has written, and the rows that work after it. */
export type After = { rules: readonly Revocation[]; usable: Usable }

/**
 * @param before the store in the state before the change
 * @param workspaceId that of a bound administrator, which may see no other one; null for an unbound one
 */
export const readAfter = async (
  deps: StateDeps,
  before: Pick<StateDeps['store'], 'findRevocationHead'>,
  workspaceId: string | null,
): Promise<After> => {
  const { seq } = await before.findRevocationHead()
  return {
    usable: await deps.store.findUsable(nowSeconds(deps), workspaceId),
    rules: await deps.store.listRevocations({}, { after: seq }),
  }
}

/**
 * @param deps with the store in the state before the change
 * @param matched the number of tokens that the operation itself has counted
 * @param workspaceId as for `readAfter`: rows of other workspaces are not counted
 */
export const effectsOf = async (
  deps: EffectDeps,
  { rules, usable: after }: After,
  { matched, workspaceId }: { matched: number | null; workspaceId: string | null },
): Promise<Effects> => {
  const before = await deps.store.findUsable(nowSeconds(deps), workspaceId)
  const seen = workspaceId === null ? null : await deps.store.findClientIds({ workspaceId })
  const ruled = intersection(await clientsOf(deps, rules), seen)
  const keys = rules.filter(({ kind }) => kind === 'key').length
  const clients = new Set([...ruled, ...without(before.clients, after.clients)])
  return {
    clients: keys > 0 ? 'all' : clients.size,
    secrets: without(before.secrets, after.secrets).length,
    enrollments: without(before.enrollments, after.enrollments).length,
    keys,
    live_tokens: await tokensOf(deps, { rules, ruled, matched }),
  }
}

const intersection = (ids: ReadonlySet<string>, seen: readonly string[] | null): Set<string> =>
  new Set(seen === null ? ids : seen.filter((id) => ids.has(id)))

/** Compares ids, not totals: a change that ends one secret and adds another leaves the total as it was. */
const without = (ids: readonly string[], others: readonly string[]): string[] => {
  const kept = new Set(others)
  return ids.filter((id) => !kept.has(id))
}

export const NO_EFFECTS: Effects = {
  clients: 0,
  secrets: 0,
  enrollments: 0,
  keys: 0,
  live_tokens: 0,
}

/** True for a change that ends nothing. */
export const isHarmless = ({
  clients,
  secrets,
  enrollments,
  keys,
  live_tokens,
}: Effects): boolean =>
  [clients, secrets, enrollments, keys, live_tokens].every((count) => count === 0)

/** Ids of the clients whose generation, workspace or plugin the rules concern. */
const clientsOf = async (
  { store }: Pick<StateDeps, 'store'>,
  rules: readonly Revocation[],
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  const workspaces = rules.some(({ kind }) => kind === 'workspace')
    ? await store.listWorkspaces()
    : []
  const idsOf = async ({ kind, value }: Revocation): Promise<string[]> => {
    if (kind === 'client') return [value]
    if (kind === 'plugin') return await store.findClientIds({ pluginId: value })
    const workspace = workspaces.find(({ ref }) => workspaceRuleValue(ref) === value)
    return workspace === undefined ? [] : await store.findClientIds({ workspaceId: workspace.id })
  }
  for (const rule of rules) for (const id of await idsOf(rule)) found.add(id)
  return found
}

/**
 * Counts tokens of the ledger. It has neither plugin nor key of a token: for a plugin all tokens of its clients count, and
 * tokens of a key count only if every key is revoked.
 */
const tokensOf = async (
  deps: EffectDeps,
  {
    rules,
    ruled,
    matched,
  }: { rules: readonly Revocation[]; ruled: ReadonlySet<string>; matched: number | null },
): Promise<number | null> => {
  const at = nowSeconds(deps)
  const kinds = new Set(rules.map(({ kind }) => kind))
  if (kinds.has('key')) {
    const keys = (await deps.store.listKeys()).filter(({ state }) => state !== 'revoked')
    const isEveryKey = keys.every(({ kid }) => rules.some(({ value }) => value === kid))
    return isEveryKey ? await countOut(deps, {}, at) : null
  }
  if (kinds.has('run')) return matched
  let sum: number | null = rules.filter(({ kind }) => kind === 'jti').length
  for (const clientId of ruled) {
    const count: number | null = await countOut(deps, { clientId }, at)
    sum = sum === null || count === null ? null : sum + count
  }
  return sum
}
