// The follower's copy of one issuer's rules: decides which list may change it (design: Followers). No I/O.
import { RULE_KEPT_SECONDS } from '../constants.ts'
import { type IssuerClock, ListUntimely, createIssuerClock } from './issuer-clock.ts'
import { ListRefused, type RevocationList } from './list-page.ts'
import { type RuleSet, createRuleSet } from './rules.ts'

/** Where to go on. `hold`: there is nothing to catch up with, so that the answer may be held until there is. */
export type Asked = { readonly after: string | null; readonly hold: boolean }

export type Outcome = {
  /** It said something that was not known. */
  readonly news: boolean
  readonly more: boolean
  /** The issuer counts anew, as it does after a backup was restored. */
  readonly newEpoch: boolean
}

type Known = { readonly epoch: string; cursor: string; iat: number; readonly rules: RuleSet }

/** A full answer of which pages are missing. Nothing of it holds yet. */
type Pending = Known & {
  /** Of the issuer's clock, by its pages. */
  offset: number
  /** Times of before are not compared with these: they were by a clock that was set. */
  readonly anew: boolean
  /** The keys that signed its pages. */
  readonly kids: Set<string>
}

export type ListState = {
  next(): Asked
  /**
   * @throws ListRefused and leaves what holds as it is; ListUntimely where only its time is not believed: then its
   *   rules are added, because a rule that was ever signed only refuses more, and nothing counts as newer for it
   */
  accept(list: RevocationList, asked: Pick<Asked, 'after'>): Outcome
  /** Seconds since the issuer has signed what is known; null before the first list. */
  age(): number | null
  isStale(): boolean
  /** The issuer's time, in seconds since the epoch; null before the first list. */
  time(): number | null
  /** The issuer's time, also by a list that was refused for its time; null before any list. */
  saidTime(): number | null
  /** Rules for tokens that expired before may have been dropped, in seconds since the epoch. */
  droppedBefore(): number
  /** What holds; null before the first list. */
  known(): Readonly<Known> | null
}

type Options = {
  /** Seconds. */
  maxStaleness: number
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds that only ever grow. */
  monotonic: () => number
  onKeyRevoked: (kid: string) => void
}

export const createListState = (options: Options): ListState => {
  const { maxStaleness, clock, onKeyRevoked } = options
  const issuer: IssuerClock = createIssuerClock(options)
  let current: Known | null = null
  let pending: Pending | null = null
  /** The latest time by which rules were dropped: it stays where the issuer's clock is set back. */
  let sweptAt = -Infinity

  const age = (): number | null => {
    const offset = issuer.offset()
    return current === null || offset === null ? null : issuer.age(current.iat, offset)
  }
  const isStale = (): boolean => issuer.isDoubted() || !((age() ?? Infinity) <= maxStaleness)

  const refuse = (reason: string): never => {
    throw new ListRefused(reason)
  }

  /** The wall clock is asked where nothing is known, or nothing that is good and would be so with this list. */
  const timeOfFull = (list: RevocationList): Pick<Pending, 'offset' | 'anew'> => {
    const known = issuer.offset()
    if (known === null || current === null) return { offset: issuer.begin(list), anew: true }
    const stale = isStale()
    try {
      const offset = issuer.judge(list, known)
      const better = issuer.age(Math.max(list.iat, current.iat), offset) <= maxStaleness
      if (better || !stale) return { offset, anew: false }
    } catch (error) {
      if (!stale) throw error
    }
    return { offset: issuer.begin(list), anew: true }
  }

  /** A list is no witness for a key that is revoked, nor is one that says so itself. */
  const checkKey = ({ kid, rules }: RevocationList): void => {
    const revoked =
      current?.rules.hasKey(kid) ||
      pending?.rules.hasKey(kid) ||
      rules.some(({ kind, value }) => kind === 'key' && value === kid)
    if (revoked) refuse('the list’s key is revoked')
  }

  /** A backup that was restored: older than what is known is only what somebody has kept. */
  const checkEpoch = ({ epoch, iat }: RevocationList): void => {
    if (current === null || current.epoch === epoch) return
    // What was signed by a clock far ahead says nothing about what is new, once that clock was set right.
    const believed = current.iat <= clock() / 1000 + maxStaleness || !isStale()
    if (believed && iat <= current.iat) refuse('the epoch is not newer')
  }

  const begin = (list: RevocationList): Outcome => {
    const again = pending !== null
    const time = timeOfFull(list)
    checkEpoch(list)
    const { epoch, cursor, iat, kid } = list
    const rules = createRuleSet()
    // A key that is revoked stays so, whatever the issuer was restored from.
    for (const value of current?.rules.keys() ?? []) {
      rules.add({ kind: 'key', value, exp: null })
    }
    pending = { epoch, cursor, iat, rules, kids: new Set([kid]), ...time }
    return collect(pending, list, !again)
  }

  const collect = (into: Pending, { rules, more }: RevocationList, news: boolean): Outcome => {
    for (const rule of rules) into.rules.add(rule)
    if ([...into.kids].some((kid) => into.rules.hasKey(kid))) {
      pending = null
      return refuse('a page’s key is revoked')
    }
    return more ? { news, more, newEpoch: false } : commit(into)
  }

  /** What was known is replaced as a whole, and only now. */
  const commit = (collected: Pending): Outcome => {
    const { epoch, cursor, iat, rules } = collected
    const before = current
    pending = null
    if (before?.epoch === epoch && cursor < before.cursor) return refuse('the cursor goes back')
    const newest = collected.anew ? iat : Math.max(iat, before?.iat ?? 0)
    current = { epoch, cursor, iat: newest, rules }
    issuer.set(collected.offset, collected.anew)
    sweptAt = -Infinity // what was dropped too early is back
    rules.keys().forEach(onKeyRevoked)
    const news = before?.epoch !== epoch || before.cursor !== cursor
    return { news, more: false, newEpoch: before !== null && before.epoch !== epoch }
  }

  /** The rest of a full answer, or what is new. */
  const goOn = (list: RevocationList, { after }: Pick<Asked, 'after'>): Outcome => {
    const base = pending ?? current
    if (base === null || list.epoch !== base.epoch) return refuse('the list begins in the middle')
    checkPlace(list, base, after)
    const offset = issuer.judge(list, pending?.offset ?? issuer.offset() ?? -Infinity)
    const news = list.cursor > base.cursor
    base.cursor = list.cursor
    if (base === pending) {
      Object.assign(pending, { iat: Math.max(pending.iat, list.iat), offset })
      pending.kids.add(list.kid)
      return collect(pending, list, news)
    }
    issuer.approach(offset)
    // until the last page something is known to be missing
    if (!list.more) base.iat = issuer.heal(list) ?? Math.max(base.iat, list.iat)
    add(base, list.rules)
    return { news, more: list.more, newEpoch: false }
  }

  const add = (to: Known, rules: RevocationList['rules']): void => {
    for (const rule of rules) {
      to.rules.add(rule)
      if (rule.kind === 'key') onKeyRevoked(rule.value)
    }
  }

  /** Of another epoch only what holds in every one: of the rest nobody knows whether it is newer. */
  const addUntimely = (list: RevocationList): void => {
    const goesOn = !list.full && pending === null // and its place has been checked
    pending = null // its clock is not to be trusted either
    if (current === null) return
    const same = list.epoch === current.epoch
    add(current, same ? list.rules : list.rules.filter(({ kind }) => kind === 'key'))
    if (goesOn) current.cursor = list.cursor
  }

  const believe = (list: RevocationList, asked: Pick<Asked, 'after'>): Outcome => {
    try {
      return list.full ? begin(list) : goOn(list, asked)
    } catch (error) {
      if (error instanceof ListUntimely) addUntimely(list)
      throw error
    }
  }

  const sweep = (): void => {
    sweptAt = Math.max(sweptAt, issuer.time() ?? -Infinity)
    current?.rules.sweep(sweptAt - RULE_KEPT_SECONDS)
  }

  /** Neither back nor past anything: what was asked, and what the list says that it begins after. */
  const checkPlace = (
    list: RevocationList,
    { epoch, cursor }: Known,
    asked: string | null,
  ): void => {
    const reaches = (from: string | null): boolean =>
      from !== null && from.startsWith(`${epoch}.`) && from <= cursor
    if (list.cursor < cursor) refuse('the cursor goes back')
    if (!reaches(asked) || !(list.after === null || reaches(list.after))) {
      refuse('the list leaves something out')
    }
    if (list.more && list.cursor === cursor) refuse('the list does not go on')
  }

  return {
    next() {
      if (pending !== null) return { after: pending.cursor, hold: false }
      if (current === null || isStale()) return { after: null, hold: false }
      return { after: current.cursor, hold: true }
    },
    accept(list, asked) {
      checkKey(list)
      const outcome = believe(list, asked)
      sweep()
      return outcome
    },
    age,
    isStale,
    time: issuer.time,
    saidTime: issuer.saidTime,
    droppedBefore: () => Math.max(sweptAt, issuer.time() ?? -Infinity) - RULE_KEPT_SECONDS,
    known: () => current,
  }
}
