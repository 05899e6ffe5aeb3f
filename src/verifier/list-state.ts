// What is known of one issuer's revocations, and which list may change it (design of the list, section 5 of the
// contract). Decides; asks nobody.
import { MAX_LIST_AHEAD_SECONDS, RULE_KEPT_SECONDS } from './constants.ts'
import { ListRefused, type RevocationList } from './revocation-list.ts'
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
  /** As `offset` below. */
  offset: number
  /** The keys that signed its pages. */
  readonly kids: Set<string>
}

export type ListState = {
  next(): Asked
  /** @throws ListRefused and leaves what holds as it is */
  accept(list: RevocationList, asked: Pick<Asked, 'after'>): Outcome
  /** Seconds since the issuer has signed what is known; null before the first list. */
  age(): number | null
  isStale(): boolean
  /** By the issuer's own clock, in seconds since the epoch; null before the first list. */
  issuerTime(): number | null
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
  const { maxStaleness, clock, monotonic, onKeyRevoked } = options
  let current: Known | null = null
  let pending: Pending | null = null
  /**
   * Monotonic time less the issuer's, in seconds: the smallest that a list has shown is the best known, because
   * a list can be late and never early.
   */
  let offset: number | null = null
  /** A list came from further ahead than we think time is: this machine has slept, or that clock was set. */
  let doubted = false

  const now = (): number => monotonic() / 1000
  const issuerTime = (): number | null => (offset === null ? null : now() - offset)
  const age = (): number | null =>
    current === null || offset === null ? null : now() - offset - current.iat
  const isStale = (): boolean => doubted || !((age() ?? Infinity) <= maxStaleness)

  const refuse = (reason: string): never => {
    throw new ListRefused(reason)
  }

  /** @returns the best offset with this list, by time as it is estimated */
  const timeOf = ({ iat, exp }: RevocationList, known: number): number => {
    const ahead = iat > now() - known + MAX_LIST_AHEAD_SECONDS
    if (!ahead && now() - known <= exp) return Math.min(known, now() - iat)
    doubted ||= ahead
    pending = null // its clock is not to be trusted either
    return refuse(ahead ? 'the list is from the future' : 'the list has expired')
  }

  /** The only use of the wall clock: for the first list, and where what is known is too old to be compared with. */
  const timeOfFirst = ({ iat, exp }: RevocationList): number => {
    const wall = clock() / 1000
    const near = Math.abs(wall - iat) <= maxStaleness
    return near && wall <= exp + RULE_KEPT_SECONDS ? now() - iat : refuse('the list is not of now')
  }

  const timeOfFull = (list: RevocationList): number => {
    if (offset === null) return timeOfFirst(list)
    const stale = isStale()
    try {
      return timeOf(list, offset)
    } catch (error) {
      if (!stale) throw error
      return timeOfFirst(list)
    }
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
    const listOffset = timeOfFull(list)
    checkEpoch(list)
    const { epoch, cursor, iat, kid } = list
    const rules = createRuleSet()
    // A key that is revoked stays so, whatever the issuer was restored from.
    for (const value of current?.rules.keys() ?? []) {
      rules.add({ kind: 'key', value, gen: 0, exp: Infinity })
    }
    pending = { epoch, cursor, iat, rules, offset: listOffset, kids: new Set([kid]) }
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
    current = {
      epoch,
      cursor,
      iat: sameClock(collected) ? Math.max(iat, before?.iat ?? 0) : iat,
      rules,
    }
    offset = collected.offset
    doubted = false
    rules.keys().forEach(onKeyRevoked)
    const news = before?.epoch !== epoch || before.cursor !== cursor
    return { news, more: false, newEpoch: before !== null && before.epoch !== epoch }
  }

  /** Whether times of before and of these pages can be compared. */
  const sameClock = (collected: Pending): boolean => offset !== null && collected.offset <= offset

  /** The rest of a full answer, or what is new. */
  const goOn = (list: RevocationList, { after }: Pick<Asked, 'after'>): Outcome => {
    const base = pending ?? current
    if (base === null || list.epoch !== base.epoch) return refuse('the list begins in the middle')
    checkPlace(list, base, after)
    const best = timeOf(list, pending?.offset ?? offset ?? -Infinity)
    const news = list.cursor > base.cursor
    base.cursor = list.cursor
    if (base === pending) {
      Object.assign(pending, { iat: Math.max(pending.iat, list.iat), offset: best })
      pending.kids.add(list.kid)
      return collect(pending, list, news)
    }
    offset = best
    if (!list.more) base.iat = Math.max(base.iat, list.iat) // until then something is known to be missing
    for (const rule of list.rules) {
      base.rules.add(rule)
      if (rule.kind === 'key') onKeyRevoked(rule.value)
    }
    return { news, more: list.more, newEpoch: false }
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
      const outcome = list.full ? begin(list) : goOn(list, asked)
      current?.rules.sweep((issuerTime() ?? -Infinity) - RULE_KEPT_SECONDS)
      return outcome
    },
    age,
    isStale,
    issuerTime,
    known: () => current,
  }
}
