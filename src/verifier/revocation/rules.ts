// The rules that take tokens back (one set), and what they say of a token. Pure.
import { SWEEP_SECONDS, SWEPT_RULES, SWEPT_SLOTS } from '../constants.ts'
import { createJtiTable } from './jti-table.ts'
import type { RevocableToken } from './token-subject.ts'

/** Kinds whose rules name a generation: a token of an older one is revoked. */
export const GENERATION_KINDS = ['client', 'plugin', 'workspace'] as const
export const KINDS = ['jti', 'run', 'key', ...GENERATION_KINDS] as const

export type RuleKind = (typeof KINDS)[number]

export type Rule = {
  readonly kind: RuleKind
  readonly value: string
  /** Of the kinds that have one; of others it says nothing. */
  readonly gen?: number | undefined
  /** When the last token that it can match expires, in seconds since the epoch; null: never. */
  readonly exp: number | null
}

export type RuleSet = {
  /** For one kind and value the highest generation and the latest expiry win. */
  add(rule: Rule): void
  matches(subject: RevocableToken): boolean
  hasKey(kid: string): boolean
  keys(): string[]
  /** Drops rules that expired before `before`, in seconds since the epoch; a part of them at a time. */
  sweep(before: number): void
  counts(): Record<RuleKind, number>
}

type Generation = { gen: number; exp: number }
type Plain = Map<string, { exp: number }>
type Generations = Map<string, Generation>

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

  const isOld = (rules: Generations, of: RevocableToken['client']): boolean =>
    of !== null && of.gen < (rules.get(of.value)?.gen ?? -Infinity)

  const hasRun = (runs: readonly string[]): boolean => runs.some((value) => run.has(value))

  return {
    add({ kind, value, gen = 0, exp: end }) {
      const exp = end ?? Infinity
      if (kind === 'jti') {
        jti.add(value, exp)
      } else if (kind === 'run' || kind === 'key') {
        const rules = kind === 'run' ? run : key
        rules.set(value, { exp: Math.max(exp, rules.get(value)?.exp ?? 0) })
      } else {
        const known = generations[kind].get(value) ?? { gen, exp }
        const latest = { gen: Math.max(gen, known.gen), exp: Math.max(exp, known.exp) }
        generations[kind].set(value, latest)
      }
    },
    matches(subject) {
      return (
        jti.has(subject.jti) ||
        key.has(subject.kid) ||
        isOld(generations.client, subject.client) ||
        isOld(generations.plugin, subject.plugin) ||
        subject.workspaces.some((workspace) => isOld(generations.workspace, workspace)) ||
        hasRun(subject.runs)
      )
    },
    hasKey: (kid) => key.has(kid),
    keys: () => [...key.keys()],
    sweep(before) {
      jti.sweep(before, SWEPT_SLOTS)
      if (sweeping === null && before >= sweptAt + SWEEP_SECONDS) {
        sweptAt = before
        // A key's rule is for good, whatever its entry says.
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

/** One rule a step. Rules that are added meanwhile are looked at as well. */
function* dropExpired(sets: Map<string, { exp: number }>[], before: number): Generator<void> {
  for (const rules of sets) {
    for (const [value, { exp }] of rules) {
      if (exp < before) rules.delete(value)
      yield
    }
  }
}
