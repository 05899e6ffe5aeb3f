// Requests the next page of the issuer's list, checks it, and applies it to the follower's copy.
import {
  HOLD_ROOM_SECONDS,
  LIST_TIMEOUT_MS,
  LONG_POLL_SECONDS,
  LONG_POLL_TIMEOUT_MS,
} from '../constants.ts'
import type { KeySource } from '../keys/key-source.ts'
import type { Bytes } from '../net/bytes.ts'
import type { GetBytes } from '../net/get-bytes.ts'
import type { Acceptance, ListRequest } from './list-copy.ts'
import { readList } from './list-page.ts'
import type { ListState } from './list-state.ts'

export type ListClient = {
  /**
   * Sends one request and applies its answer.
   * @param hold whether the issuer may hold the answer until there is news
   * @throws AnswerRefused, ListRefused, and errors of the network
   */
  step(options: { hold: boolean; signal?: AbortSignal }): Promise<Acceptance & Answer>
  /** Applies a page from elsewhere, with the same checks. @throws ListRefused */
  accept(jws: Bytes, request: ListRequest): Promise<Acceptance>
  /** The URL of a request, by which a platform's cache finds the answer. */
  url(request: Pick<ListRequest, 'after'>): string
  /** The last failure since the last success; null without one. */
  lastFailure(): unknown
}

type Answer = { readonly jws: Bytes; readonly request: ListRequest }

type Options = {
  /** `iss` and `aud` of the list. */
  uri: string
  /** URL at which the list is requested. */
  location: string
  get: GetBytes
  keys: Pick<KeySource, 'findAtOnce' | 'list' | 'renew'>
  state: ListState
  /** Seconds. */
  maxStaleness: number
}

export const createListClient = (options: Options): ListClient => {
  const { uri, location, get, keys, state, maxStaleness } = options
  let failure: unknown = null
  /**
   * True after the restore of a backup: keys created since the backup are gone, and fetched keys
   * may include them.
   */
  let isRenewalDue = false
  /** Revoked keys for which the keys at hand were fetched again. */
  const renewedFor = new Set<string>()

  const urlOf = (after: string | null, hold: boolean): string => {
    const url = new URL(location)
    if (after !== null) url.searchParams.set('after', after)
    if (hold) url.searchParams.set('wait', String(LONG_POLL_SECONDS))
    return url.href
  }

  const accept = async (jws: Bytes, request: ListRequest): Promise<Acceptance> => {
    const list = await readList(jws, { uri, findKey: (name) => keys.findAtOnce(name) })
    const acceptance = state.accept(list, request)
    isRenewalDue ||= acceptance.newEpoch
    await renewKeys()
    return acceptance
  }

  /** Keys at hand that a rule has revoked: the issuer has replaced them. */
  const outdatedKeys = (): string[] => {
    const held = keys.list().map(({ kid }) => kid)
    return held.filter((kid) => state.copy()?.rules.hasKey(kid) && !renewedFor.has(kid))
  }

  /**
   * Fetches keys once for each cause: a cache that cannot be bypassed answers with the same keys
   * again.
   */
  const renewKeys = async (): Promise<void> => {
    const revoked = outdatedKeys()
    if (!isRenewalDue && revoked.length === 0) return
    if (!(await keys.renew())) return
    isRenewalDue = false
    for (const kid of revoked) renewedFor.add(kid)
  }

  /** A held request that dies silently is noticed late: the copy must stay good for that long. */
  const mayBeHeld = (): boolean => (state.age() ?? Infinity) + HOLD_ROOM_SECONDS <= maxStaleness

  const send = async (hold: boolean, signal?: AbortSignal): Promise<Acceptance & Answer> => {
    const request = state.next()
    const held = hold && request.hold && mayBeHeld()
    const timeoutMs = held ? LONG_POLL_TIMEOUT_MS : LIST_TIMEOUT_MS
    const jws = await get(urlOf(request.after, held), { timeoutMs, signal })
    return { ...(await accept(jws, request)), jws, request }
  }

  return {
    async step({ hold, signal }) {
      try {
        const answer = await send(hold, signal)
        failure = null
        return answer
      } catch (error) {
        if (signal?.aborted !== true) failure = error // an abort by the follower is no failure
        throw error
      }
    },
    accept,
    url: ({ after }) => urlOf(after, false),
    lastFailure: () => failure,
  }
}
