// Asks the issuer for what comes next in its list, and hands it to what decides.
import type { Bytes } from '../net/bytes.ts'
import {
  HOLD_ROOM_SECONDS,
  LIST_TIMEOUT_MS,
  LONG_POLL_SECONDS,
  LONG_POLL_TIMEOUT_MS,
} from '../constants.ts'
import type { KeySource } from '../keys/key-source.ts'
import type { Asked, ListState, Outcome } from './list-state.ts'
import { readList } from './list-page.ts'
import type { GetBytes } from '../net/get-bytes.ts'

export type ListClient = {
  /**
   * One request. @throws whatever keeps it from being answered or its answer from being believed
   * @param hold whether the issuer may hold the answer until there is news
   */
  step(options: { hold: boolean; signal?: AbortSignal }): Promise<Outcome & Answer>
  /** A list that came in another way, to be believed no more than any. */
  take(jws: Bytes, asked: Asked): Promise<Outcome>
  /** Where the list that was asked for is, as a platform's cache knows it. */
  url(asked: Pick<Asked, 'after'>): string
  /** The last failure since the last success. */
  lastFailure(): unknown
}

type Answer = { readonly jws: Bytes; readonly asked: Asked }

type Parts = {
  /** `iss` and `aud` of the list. */
  uri: string
  /** Where it is asked for. */
  location: string
  get: GetBytes
  keys: Pick<KeySource, 'findAtOnce' | 'list' | 'renew'>
  state: ListState
  /** Seconds. */
  maxStaleness: number
}

export const createListClient = (parts: Parts): ListClient => {
  const { uri, location, get, keys, state, maxStaleness } = parts
  let failure: unknown = null
  /** After a backup was restored, keys made since are gone; what was fetched before may have them. */
  let renewalDue = false
  /** Revoked keys for which the keys at hand were fetched again. */
  const renewedFor = new Set<string>()

  const urlOf = (after: string | null, hold: boolean): string => {
    const url = new URL(location)
    if (after !== null) url.searchParams.set('after', after)
    if (hold) url.searchParams.set('wait', String(LONG_POLL_SECONDS))
    return url.href
  }

  const take = async (jws: Bytes, asked: Asked): Promise<Outcome> => {
    const list = await readList(jws, { uri, findKey: (name) => keys.findAtOnce(name) })
    const outcome = state.accept(list, asked)
    renewalDue ||= outcome.newEpoch
    await renewKeys()
    return outcome
  }

  /** Keys at hand that a rule has revoked: the issuer has others by now. */
  const outdated = (): string[] => {
    const held = keys.list().map(({ kid }) => kid)
    return held.filter((kid) => state.known()?.rules.hasKey(kid) && !renewedFor.has(kid))
  }

  /** Once for each cause: a cache that cannot be passed has the same keys again. */
  const renewKeys = async (): Promise<void> => {
    const revoked = outdated()
    if (!renewalDue && revoked.length === 0) return
    if (!(await keys.renew())) return
    renewalDue = false
    for (const kid of revoked) renewedFor.add(kid)
  }

  /** A held request that dies without a word is noticed late: what is known must be good for that long. */
  const mayBeHeld = (): boolean => (state.age() ?? Infinity) + HOLD_ROOM_SECONDS <= maxStaleness

  const request = async (hold: boolean, signal?: AbortSignal): Promise<Outcome & Answer> => {
    const asked = state.next()
    const held = hold && asked.hold && mayBeHeld()
    const timeoutMs = held ? LONG_POLL_TIMEOUT_MS : LIST_TIMEOUT_MS
    const jws = await get(urlOf(asked.after, held), { timeoutMs, signal })
    return { ...(await take(jws, asked)), jws, asked }
  }

  return {
    async step({ hold, signal }) {
      try {
        const answer = await request(hold, signal)
        failure = null
        return answer
      } catch (error) {
        if (signal?.aborted !== true) failure = error // what we have ended ourselves is none
        throw error
      }
    },
    take,
    url: ({ after }) => urlOf(after, false),
    lastFailure: () => failure,
  }
}
