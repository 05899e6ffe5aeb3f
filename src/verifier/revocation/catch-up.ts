// Fetches the list page by page until the copy is complete. Where there is no copy yet, it begins
// with pages from the platform's cache.
import { CACHED_LIST_SECONDS, MAX_CATCH_UP_PAGES, MAX_LIST_BYTES } from '../constants.ts'
import type { Bytes } from '../net/bytes.ts'
import { readBytes } from '../net/read-bounded.ts'
import type { ListClient } from './list-client.ts'
import type { Acceptance, ListRequest } from './list-copy.ts'
import type { ListState } from './list-state.ts'

type Options = {
  client: ListClient
  state: ListState
  /** Aborts the request under way. */
  signal: AbortSignal
  /** Called after each accepted page. @returns whether to continue */
  onPage: () => boolean
}

/** @throws what keeps a page from being fetched or accepted */
export const catchUp = async ({ client, state, signal, onPage }: Options): Promise<void> => {
  await readFromCache(client, state, signal).catch(() => {})
  for (let pages = 0; pages < MAX_CATCH_UP_PAGES; pages += 1) {
    signal.throwIfAborted()
    const answer = await client.step({ hold: false, signal })
    if (!advances(answer)) throw new Error('the list does not advance')
    if (!answer.request.hold) await storeInCache(client.url(answer.request), answer.jws)
    if (!onPage() || !answer.more) return
  }
  throw new Error('the list has too many pages')
}

/** Guards against an endless loop through a cache on the way that confuses pages. */
const advances = ({ news, more }: Acceptance): boolean => news || !more

type PlatformCache = {
  match(url: string): Promise<Response | undefined>
  put(url: string, response: Response): Promise<void>
}

const platformCache = (): PlatformCache | undefined =>
  (globalThis as { caches?: { default?: PlatformCache } }).caches?.default

const readFromCache = async (
  client: ListClient,
  state: ListState,
  signal: AbortSignal,
): Promise<void> => {
  while (state.copy() === null) {
    signal.throwIfAborted()
    const request: ListRequest = state.next()
    const cached = await platformCache()?.match(client.url(request))
    if (cached === undefined) return
    const jws = await readBytes(cached, MAX_LIST_BYTES)
    if (!advances(await client.accept(jws, request))) return
  }
}

/** Lets a new isolate begin with these pages. A cache that fails changes nothing. */
const storeInCache = async (url: string, jws: Bytes): Promise<void> => {
  const headers = {
    'Content-Type': 'application/jwt',
    'Cache-Control': `max-age=${CACHED_LIST_SECONDS}`,
  }
  await platformCache()
    ?.put(url, new Response(jws, { headers }))
    .catch(() => {})
}
