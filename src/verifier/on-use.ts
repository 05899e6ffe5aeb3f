// Follows the list where nothing runs between requests, as on Workers: each use sees to it that the list is new
// enough. What one request has begun no other may await, so they share what is known and never a promise.
import { readBounded } from './bounded.ts'
import {
  CACHED_LIST_SECONDS,
  FRESH_LIST_MS,
  LIST_WAIT_MS,
  MAX_LIST_BACK_OFF_MS,
  MAX_LIST_BYTES,
  MIN_LIST_BACK_OFF_MS,
  OTHERS_REFRESH_MS,
  OTHERS_REFRESH_STEP_MS,
  USABLE_LIST_MS,
} from './constants.ts'
import type { ListClient } from './list-client.ts'
import type { Asked, ListState } from './list-state.ts'
import { inTime } from './timeout.ts'
import { pause } from './timer.ts'

/** Lets work go on after the answer: `ctx.waitUntil` of the platform. */
export type WaitUntil = (promise: Promise<unknown>) => void

type Parts = { client: ListClient; state: ListState; monotonic: () => number }

/** Sees to it that the list is as new as can be had; undefined where it is at once. Never rejects. */
export type RefreshOnUse = (waitUntil: WaitUntil | undefined) => Promise<void> | undefined

export const createRefreshOnUse = ({ client, state, monotonic }: Parts): RefreshOnUse => {
  let refreshes = 0
  let startedAt = -Infinity
  let refreshedAt = -Infinity
  let running = false
  let failures = 0
  let notBefore = -Infinity

  /** Since it was asked for: an issuer shares one signature for some seconds, and leaves out no rule. */
  const ageMs = (): number => (state.isStale() ? Infinity : monotonic() - refreshedAt)
  /** One that has begun long ago may have ended with its request. */
  const othersRun = (): boolean => running && monotonic() - startedAt < OTHERS_REFRESH_MS

  const refresh = async (): Promise<void> => {
    const mine = ++refreshes
    const began = (startedAt = monotonic())
    running = true
    // Counted before the attempt: one that hangs, or dies with its request, has failed as well.
    failures += 1
    notBefore = startedAt + Math.min(MIN_LIST_BACK_OFF_MS * 2 ** failures, MAX_LIST_BACK_OFF_MS)
    try {
      await catchUp(client, state)
      refreshedAt = began
      failures = 0
      notBefore = -Infinity
    } catch {
      // the list says how old it is, and the client why
    } finally {
      if (mine === refreshes) running = false
    }
  }

  const awaitOthers = async (): Promise<void> => {
    for (let waited = 0; othersRun() && waited < OTHERS_REFRESH_MS;) {
      await pause(OTHERS_REFRESH_STEP_MS)
      waited += OTHERS_REFRESH_STEP_MS
    }
  }

  const waitForRefresh = async (waitUntil: WaitUntil | undefined): Promise<void> => {
    await awaitOthers()
    const newEnough = waitUntil === undefined ? FRESH_LIST_MS : USABLE_LIST_MS
    if (ageMs() < newEnough || monotonic() < notBefore) return
    const refreshed = refresh()
    waitUntil?.(refreshed)
    await inTime(refreshed, LIST_WAIT_MS, () => undefined)
  }

  return (waitUntil) => {
    if (ageMs() < FRESH_LIST_MS) return undefined
    if (waitUntil === undefined || ageMs() >= USABLE_LIST_MS) return waitForRefresh(waitUntil)
    if (!othersRun() && monotonic() >= notBefore) waitUntil(refresh())
    return undefined
  }
}

/** From the platform's cache as far as it goes, where nothing is known yet; the rest from the issuer. */
const catchUp = async (client: ListClient, state: ListState): Promise<void> => {
  await takeCached(client, state).catch(() => {})
  for (let more = true; more;) {
    const answer = await client.step({ hold: false })
    more = answer.more
    if (!answer.asked.hold) await keep(client.url(answer.asked), answer.text)
  }
}

type PlatformCache = {
  match(url: string): Promise<Response | undefined>
  put(url: string, response: Response): Promise<void>
}

const platformCache = (): PlatformCache | undefined =>
  (globalThis as { caches?: { default?: PlatformCache } }).caches?.default

const takeCached = async (client: ListClient, state: ListState): Promise<void> => {
  for (let asked: Asked = state.next(); state.known() === null; asked = state.next()) {
    const cached = await platformCache()?.match(client.url(asked))
    if (cached === undefined) return
    await client.take(await readBounded(cached, MAX_LIST_BYTES), asked)
  }
}

/** A new isolate begins with it. That it cannot be kept is no failure. */
const keep = async (url: string, text: string): Promise<void> => {
  const headers = {
    'Content-Type': 'application/jwt',
    'Cache-Control': `max-age=${CACHED_LIST_SECONDS}`,
  }
  await platformCache()
    ?.put(url, new Response(text, { headers }))
    .catch(() => {})
}
