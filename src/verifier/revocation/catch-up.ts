// Has the list up to where the issuer is, page by page; where nothing is known yet, from the platform's cache as far as
// that goes.
import type { Bytes } from '../net/bytes.ts'
import { readBytes } from '../net/read-bounded.ts'
import { CACHED_LIST_SECONDS, MAX_CATCH_UP_PAGES, MAX_LIST_BYTES } from '../constants.ts'
import type { ListClient } from './list-client.ts'
import type { Asked, ListState, Outcome } from './list-state.ts'

export type CatchingUp = {
  client: ListClient
  state: ListState
  /** Ends the request that is under way. */
  signal: AbortSignal
  /** After each page that was believed. @returns whether to go on */
  onPage: () => boolean
}

/** @throws whatever keeps a page from being had or believed */
export const catchUp = async ({ client, state, signal, onPage }: CatchingUp): Promise<void> => {
  await takeCached(client, state, signal).catch(() => {})
  for (let pages = 0; pages < MAX_CATCH_UP_PAGES; pages += 1) {
    signal.throwIfAborted()
    const answer = await client.step({ hold: false, signal })
    if (!goesOn(answer)) throw new Error('the list does not go on')
    if (!answer.asked.hold) await keep(client.url(answer.asked), answer.jws)
    if (!onPage() || !answer.more) return
  }
  throw new Error('the list has too many pages')
}

/** A cache on the way that takes one page for another would otherwise be asked for ever. */
const goesOn = ({ news, more }: Outcome): boolean => news || !more

type PlatformCache = {
  match(url: string): Promise<Response | undefined>
  put(url: string, response: Response): Promise<void>
}

const platformCache = (): PlatformCache | undefined =>
  (globalThis as { caches?: { default?: PlatformCache } }).caches?.default

const takeCached = async (
  client: ListClient,
  state: ListState,
  signal: AbortSignal,
): Promise<void> => {
  for (let asked: Asked = state.next(); state.known() === null; asked = state.next()) {
    signal.throwIfAborted()
    const cached = await platformCache()?.match(client.url(asked))
    if (cached === undefined) return
    if (!goesOn(await client.take(await readBytes(cached, MAX_LIST_BYTES), asked))) return
  }
}

/** A new isolate begins with it. That it cannot be kept is no failure. */
const keep = async (url: string, jws: Bytes): Promise<void> => {
  const headers = {
    'Content-Type': 'application/jwt',
    'Cache-Control': `max-age=${CACHED_LIST_SECONDS}`,
  }
  await platformCache()
    ?.put(url, new Response(jws, { headers }))
    .catch(() => {})
}
