// Effects of a change: what it ends, counted from the state before it and the state after it.
import { workspaceRuleValue } from '../grants/taking-away.ts'
import { countOut } from '../store/ledger.ts'
import type { Revocation, Usable } from '../store/store.ts'
import { nowSeconds } from '../clock.ts'
import type { AdminDeps } from './operation.ts'

type EffectDeps = Pick<AdminDeps, 'store' | 'ledger' | 'log' | 'clock'>

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

/** State before a change. `kids`: the keys that are not revoked. */
export type Before = { seq: number; usable: Usable; kids: readonly string[] }

export const readBefore = async (deps: EffectDeps): Promise<Before> => ({
  seq: (await deps.store.findRevocationHead()).seq,
  usable: await deps.store.countUsable(nowSeconds(deps)),
  kids: (await deps.store.listKeys())
    .filter(({ state }) => state !== 'revoked')
    .map(({ kid }) => kid),
})

/** @param matched the number of tokens that the operation itself has counted */
export const effectsSince = async (
  deps: EffectDeps,
  before: Before,
  matched: number | null,
): Promise<Effects> => {
  const after = await deps.store.countUsable(nowSeconds(deps))
  const rules = await deps.store.listRevocations({}, { after: before.seq })
  const ended = (name: keyof Usable): number => Math.max(0, before.usable[name] - after[name])
  const keys = rules.filter(({ kind }) => kind === 'key').length
  const clients = await clientsOf(deps, rules)
  return {
    clients: keys > 0 ? 'all' : Math.max(ended('clients'), clients.size),
    secrets: ended('secrets'),
    enrollments: ended('enrollments'),
    keys,
    live_tokens: await tokensOf(deps, rules, { clients, matched, kids: before.kids }),
  }
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
  { store }: EffectDeps,
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
  rules: readonly Revocation[],
  {
    clients,
    matched,
    kids,
  }: Pick<Before, 'kids'> & {
    clients: ReadonlySet<string>
    matched: number | null
  },
): Promise<number | null> => {
  const at = nowSeconds(deps)
  const kinds = new Set(rules.map(({ kind }) => kind))
  if (kinds.has('key')) {
    const isEveryKey = kids.every((kid) => rules.some(({ value }) => value === kid))
    return isEveryKey ? await countOut(deps, {}, at) : null
  }
  if (kinds.has('run')) return matched
  let sum: number | null = rules.filter(({ kind }) => kind === 'jti').length
  for (const clientId of clients) {
    const count: number | null = await countOut(deps, { clientId }, at)
    sum = sum === null || count === null ? null : sum + count
  }
  return sum
}
