// The follower's copy of one issuer's revocation list: decides which list may change it (design:
// Followers). No I/O.
import { RULE_KEPT_SECONDS } from '../constants.ts'
import { type IssuerClock, ListUntimely, createIssuerClock } from './issuer-clock.ts'
import { checkEpoch, checkKey, checkPlace } from './list-checks.ts'
import type { Acceptance, ListCopy, ListRequest, PartialCopy } from './list-copy.ts'
import { ListRefused, type RevocationList } from './list-page.ts'
import { createRuleSet } from './rules.ts'

export type ListState = {
  next(): ListRequest
  /**
   * Checks a list and applies it.
   * @throws ListRefused, and leaves the copy as it is. ListUntimely where only the time of the list
   *   is refused: its rules are added all the same, because a signed rule can only refuse more
   *   tokens, and the copy becomes no newer.
   */
  accept(list: RevocationList, request: Pick<ListRequest, 'after'>): Acceptance
  /** Seconds since the issuer signed the newest list of the copy; null before the first list. */
  age(): number | null
  isStale(): boolean
  /** The issuer's time, in seconds since the epoch; null before the first list. */
  time(): number | null
  /** The issuer's time, a list that was refused for its time included; null before any list. */
  reportedTime(): number | null
  /**
   * Rules for tokens that expired before this time may have been dropped, in seconds since the
   * epoch.
   */
  droppedBefore(): number
  /** The copy; null before the first list. */
  copy(): Readonly<ListCopy> | null
}

type Options = {
  /** Seconds. */
  maxStaleness: number
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds of a clock that never runs backwards. */
  monotonic: () => number
  onKeyRevoked: (kid: string) => void
}

type State = Pick<Options, 'maxStaleness' | 'onKeyRevoked'> & {
  readonly issuer: IssuerClock
  /** Seconds since the epoch. */
  readonly wallClock: () => number
  current: ListCopy | null
  pending: PartialCopy | null
  /** The latest time by which rules were dropped. It stays where the issuer's clock is set back. */
  sweptAt: number
}

export const createListState = (options: Options): ListState => {
  const { maxStaleness, clock, onKeyRevoked } = options
  const issuer = createIssuerClock(options)
  const state: State = {
    maxStaleness,
    onKeyRevoked,
    issuer,
    wallClock: () => clock() / 1000,
    current: null,
    pending: null,
    sweptAt: -Infinity,
  }
  return {
    next: () => nextRequest(state),
    accept(list, request) {
      checkKey(list, [state.current?.rules, state.pending?.rules])
      const acceptance = apply(state, list, request)
      sweep(state)
      return acceptance
    },
    age: () => ageOf(state),
    isStale: () => isStale(state),
    time: issuer.time,
    reportedTime: issuer.reportedTime,
    droppedBefore: () => Math.max(state.sweptAt, issuer.time() ?? -Infinity) - RULE_KEPT_SECONDS,
    copy: () => state.current,
  }
}

const nextRequest = (state: State): ListRequest => {
  const { current, pending } = state
  if (pending !== null) return { after: pending.cursor, hold: false }
  if (current === null || isStale(state)) return { after: null, hold: false }
  return { after: current.cursor, hold: true }
}

const ageOf = ({ current, issuer }: State): number | null => {
  const offset = issuer.offset()
  return current === null || offset === null ? null : issuer.age(current.iat, offset)
}

const isStale = (state: State): boolean =>
  state.issuer.isDoubted() || !((ageOf(state) ?? Infinity) <= state.maxStaleness)

const apply = (
  state: State,
  list: RevocationList,
  request: Pick<ListRequest, 'after'>,
): Acceptance => {
  try {
    return list.full ? startOver(state, list) : continueWith(state, list, request)
  } catch (error) {
    if (error instanceof ListUntimely) addUntimely(state, list)
    throw error
  }
}

/** Begins a whole list. */
const startOver = (state: State, list: RevocationList): Acceptance => {
  const { current, pending } = state
  const isRepeated = pending !== null
  const time = timeOfWhole(state, list)
  if (current !== null) {
    const isCredible = current.iat <= state.wallClock() + state.maxStaleness || !isStale(state)
    checkEpoch(list, current, isCredible)
  }
  const { epoch, cursor, iat, kid } = list
  const rules = createRuleSet()
  // A revoked key stays revoked after the issuer is restored from any backup.
  for (const value of current?.rules.keys() ?? []) rules.add({ kind: 'key', value, exp: null })
  const begun: PartialCopy = { epoch, cursor, iat, rules, kids: new Set([kid]), ...time }
  state.pending = begun
  return collect(state, begun, list, !isRepeated)
}

/**
 * Consults the wall clock before the first list, and where the copy is stale and would stay so with
 * this list.
 */
const timeOfWhole = (
  state: State,
  list: RevocationList,
): Pick<PartialCopy, 'offset' | 'restarted'> => {
  const { issuer, current, maxStaleness } = state
  const estimate = issuer.offset()
  if (estimate === null || current === null) return { offset: issuer.begin(list), restarted: true }
  const stale = isStale(state)
  try {
    const offset = issuer.judge(list, estimate)
    const isGood = issuer.age(Math.max(list.iat, current.iat), offset) <= maxStaleness
    if (isGood || !stale) return { offset, restarted: false }
  } catch (error) {
    if (!stale) throw error
  }
  return { offset: issuer.begin(list), restarted: true }
}

/** Adds a page to a whole list, and replaces the copy with the last page. */
const collect = (
  state: State,
  into: PartialCopy,
  { rules, more }: RevocationList,
  news: boolean,
): Acceptance => {
  for (const rule of rules) into.rules.add(rule)
  if ([...into.kids].some((kid) => into.rules.hasKey(kid))) {
    state.pending = null
    throw new ListRefused('the key of a page is revoked')
  }
  return more ? { news, more, newEpoch: false } : commit(state, into)
}

const commit = (state: State, collected: PartialCopy): Acceptance => {
  const { epoch, cursor, iat, rules, offset, restarted } = collected
  const before = state.current
  state.pending = null
  if (before?.epoch === epoch && cursor < before.cursor) {
    throw new ListRefused('the cursor goes back')
  }
  const newest = restarted ? iat : Math.max(iat, before?.iat ?? 0)
  state.current = { epoch, cursor, iat: newest, rules }
  state.issuer.set(offset, restarted)
  state.sweptAt = -Infinity // the list has the rules again that were dropped too early
  rules.keys().forEach(state.onKeyRevoked)
  const news = before?.epoch !== epoch || before.cursor !== cursor
  return { news, more: false, newEpoch: before !== null && before.epoch !== epoch }
}

/** Applies a further page of a whole list, or news for the copy. */
const continueWith = (
  state: State,
  list: RevocationList,
  { after }: Pick<ListRequest, 'after'>,
): Acceptance => {
  const { issuer, current, pending } = state
  const base = pending ?? current
  if (base === null || list.epoch !== base.epoch) {
    throw new ListRefused('the list begins in the middle')
  }
  checkPlace(list, base, after)
  const offset = issuer.judge(list, pending?.offset ?? issuer.offset() ?? -Infinity)
  const news = list.cursor > base.cursor
  base.cursor = list.cursor
  if (pending !== null) {
    Object.assign(pending, { iat: Math.max(pending.iat, list.iat), offset })
    pending.kids.add(list.kid)
    return collect(state, pending, list, news)
  }
  issuer.approach(offset)
  // The copy lacks rules of that time before the last page.
  if (!list.more) base.iat = issuer.heal(list) ?? Math.max(base.iat, list.iat)
  addRules(state, base, list.rules)
  return { news, more: list.more, newEpoch: false }
}

const addRules = (state: State, to: ListCopy, rules: RevocationList['rules']): void => {
  for (const rule of rules) {
    to.rules.add(rule)
    if (rule.kind === 'key') state.onKeyRevoked(rule.value)
  }
}

/**
 * Adds the rules of a list whose time is refused. From a list of another epoch it adds only the
 * revoked keys, because a revoked key stays revoked in every epoch.
 */
const addUntimely = (state: State, list: RevocationList): void => {
  const { current, pending } = state
  const hasPlace = !list.full && pending === null // `checkPlace` has passed
  state.pending = null // the time of its pages is untrusted, too
  if (current === null) return
  const isSameEpoch = list.epoch === current.epoch
  const rules = isSameEpoch ? list.rules : list.rules.filter(({ kind }) => kind === 'key')
  addRules(state, current, rules)
  if (hasPlace) current.cursor = list.cursor
}

const sweep = (state: State): void => {
  state.sweptAt = Math.max(state.sweptAt, state.issuer.time() ?? -Infinity)
  state.current?.rules.sweep(state.sweptAt - RULE_KEPT_SECONDS)
}
