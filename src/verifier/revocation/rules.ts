// One set of revocation rules, and the decision whether any of them matches a token. Pure.
import { SWEEP_SECONDS, SWEPT_RULES, SWEPT_SLOTS } from '../constants.ts'
import { createJtiTable } from './jti-table.ts'
import type { RevocableToken } from './revocable-token.ts'

/** Kinds whose rules name a generation: tokens of older generations are revoked. */
export const GENERATION_KINDS = ['client', 'plugin', 'workspace'] as const
export const KINDS = ['jti', 'run', 'key', ...GENERATION_KINDS] as const

export type RuleKind = (typeof KINDS)[number]

export type Rule = {
  readonly kind: RuleKind
  readonly value: string
  /** Used with kinds that have generations; ignored with others. */
  readonly gen?: number | undefined
  /**
   * When the last token that the rule can match expires, in seconds since the epoch; null for a
   * rule without an end.
   */
  readonly exp: number | null
}

/** The kind and the value of a rule. */
export type Match = Pick<Rule, 'kind' | 'value'>

export type RuleSet = {
  /** Adds a rule. For one kind and value the highest generation and the latest expiry win. */
  add(rule: Rule): void
  /** The first rule that matches a token; null without one. */
  match(token: RevocableToken): Match | null
  hasKey(kid: string): boolean
  keys(): string[]
  /**
   * Drops some of the rules that expired before `before`, in seconds since the epoch. Further calls
   * drop the rest.
   */
  sweep(before: number): void
  counts(): Record<RuleKind, number>
}

/** Expiry of each value. */
type Plain = Map<string, { exp: number }>
type Generations = Map<string, { gen: number; exp: number }>

export const createRuleSet = (): RuleSet => {
  const jti = createJtiTable()
  const run: Plain = new Map()
  const key: Plain = new Map()
  const generations: Record<(typeof GENERATION_KINDS)[number], Generations> = {
    client: new Map(),
    plugin: new Map(),
    workspace: new Map(),
  }
  let sweptAt = -Infinity
  let sweeping: Iterator<void> | null = null

  return {
    add({ kind, value, gen = 0, exp: end }) {
      const exp = end ?? Infinity
      if (kind === 'jti') {
        jti.add(value, exp)
      } else if (kind === 'run' || kind === 'key') {
        const rules = kind === 'run' ? run : key
        rules.set(value, { exp: Math.max(exp, rules.get(value)?.exp ?? 0) })
      } else {
        const earlier = generations[kind].get(value) ?? { gen, exp }
        const latest = { gen: Math.max(gen, earlier.gen), exp: Math.max(exp, earlier.exp) }
        generations[kind].set(value, latest)
      }
    },
    match({ jti: id, kid, client, plugin, workspaces, runs }) {
      if (jti.has(id)) return { kind: 'jti', value: id }
      if (key.has(kid)) return { kind: 'key', value: kid }
      if (isOld(generations.client, client)) return { kind: 'client', value: client.value }
      if (isOld(generations.plugin, plugin)) return { kind: 'plugin', value: plugin.value }
      for (const workspace of workspaces) {
        if (isOld(generations.workspace, workspace)) {
          return { kind: 'workspace', value: workspace.value }
        }
      }
      for (const value of runs) if (run.has(value)) return { kind: 'run', value }
      return null
    },
    hasKey: (kid) => key.has(kid),
    keys: () => [...key.keys()],
    sweep(before) {
      jti.sweep(before, SWEPT_SLOTS)
      if (sweeping === null && before >= sweptAt + SWEEP_SECONDS) {
        sweptAt = before
        // Rules over keys stay, also after their expiry.
        sweeping = dropExpired([run, ...Object.values(generations)], before)
      }
      for (let seen = 0; seen < SWEPT_RULES && sweeping !== null; seen += 1) {
        if (sweeping.next().done === true) sweeping = null
      }
    },
    counts: () => ({
      jti: jti.size,
      run: run.size,
      client: generations.client.size,
      plugin: generations.plugin.size,
      workspace: generations.workspace.size,
      key: key.size,
    }),
  }
}

const isOld = (
  rules: Generations,
  of: RevocableToken['client'],
): of is Exclude<RevocableToken['client'], null> =>
  of !== null && of.gen < (rules.get(of.value)?.gen ?? -Infinity)

/** Examines one rule a step, rules that are added meanwhile included. */
function* dropExpired(sets: Map<string, { exp: number }>[], before: number): Generator<void> {
  for (const rules of sets) {
    for (const [value, { exp }] of rules) {
      if (exp < before) rules.delete(value)
      yield
    }
  }
}
