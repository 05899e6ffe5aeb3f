// The revocation list: the live rules by their numbers, in signed pages (design: Revocation).
//
// Strangers may ask for any cursor, and must not cause work with it. So a cursor is answered from the page that it is
// in. A page that is not the last never changes: it is signed once in 45 seconds. The last pages change with every
// rule; where that is too much work they are shared for up to a second, and their cursor says how far they go.
import {
  LAST_PAGES_BURST,
  LAST_PAGES_PER_SECOND,
  LAST_PAGE_ENTRIES_PER_UNIT,
  MAX_LAST_PAGES,
  MAX_PAGE_TRIES,
  MAX_WAITING_PAGES,
  PLAIN_PAGES_SHARE,
  REVOCATION_KEPT_PAGE_MAX_AGE_MS,
  REVOCATION_PAGES_AT_A_TIME,
  REVOCATION_SIGNATURE_MAX_AGE_MS,
  SHARED_LAST_PAGE_MS,
} from '../constants.ts'
import { Unavailable } from '../errors.ts'
import type { RevocationHead } from '../store/store.ts'
import { createAllowance } from './allowance.ts'
import { createByteCache } from './byte-cache.ts'
import { startOf } from './cursor.ts'
import { createPageEnds } from './page-ends.ts'
import type { Bytes, PageHost } from './page-host.ts'
import { type PageDeps, type SignedPage, makePage, nameOf } from './page.ts'
import type { Place } from './place.ts'
import { createLonelyTurns, createTurns } from './turns.ts'

type ListDeps = PageDeps & { pageHost: PageHost }

type Asked = {
  /** True if the client accepts a compressed page. */
  gzip: boolean
  /** Aborted when the client is gone. */
  signal?: AbortSignal
}

export type PageAnswer = {
  body: Bytes
  gzip: boolean
  /** How long a cache may keep it, in seconds. */
  maxAgeSeconds: number
}

export type RevocationList = {
  /** The page that a cursor is in, as a JWT; from the start for a cursor that is not good. @throws Unavailable */
  page(after: string | undefined, asked: Asked): Promise<PageAnswer>
}

/** The key of a page: a full answer begins nowhere. */
type Start = number | null

export const createRevocationList = (deps: ListDeps): RevocationList => {
  const { store, signer, clock, pageHost } = deps
  const { maxBytes, sharesWork } = pageHost
  const turnsOf = (atATime: number) =>
    sharesWork ? createTurns({ atATime, maxWaiting: MAX_WAITING_PAGES }) : createLonelyTurns()
  /** Pages that anybody can ask for take turns; what live followers and new ones ask for first does not wait. */
  const [inTurn, atOnce] = [turnsOf(REVOCATION_PAGES_AT_A_TIME), turnsOf(Infinity)]
  const kept = createByteCache<Start, SignedPage>({ maxBytes })
  const last = createByteCache<Start, SignedPage>({ maxBytes, maxEntries: MAX_LAST_PAGES })
  const texts = createByteCache<SignedPage, Bytes>({ maxBytes: maxBytes * PLAIN_PAGES_SHARE })
  const allowance = createAllowance({ burst: LAST_PAGES_BURST, perSecond: LAST_PAGES_PER_SECOND })
  const ends = createPageEnds({ store, clock, turns: atOnce })

  const ageMs = ({ issuedAt }: SignedPage): number => clock() - issuedAt * 1000
  const lifeMs = ({ more }: SignedPage): number =>
    more ? REVOCATION_KEPT_PAGE_MAX_AGE_MS : REVOCATION_SIGNATURE_MAX_AGE_MS
  const isYoung = (page: SignedPage): boolean => ageMs(page) >= 0 && ageMs(page) < lifeMs(page)

  /** Another rule has been written since: it still is what it was, and goes beyond what is known. */
  const isStillGood = async (page: SignedPage, cursor: Start): Promise<boolean> => {
    const goesOn = page.end > (cursor ?? -1)
    const shared = allowance.isSpent() && performance.now() - page.madeAt < SHARED_LAST_PAGE_MS
    // A follower refuses what a revoked key has signed.
    return goesOn && (page.more || shared) && page.kid === (await signer.activeKid('RS256'))
  }

  const remember = (place: Place, page: SignedPage, text: Bytes): void => {
    const { start, more, gzip, count } = page
    const [into, other] = more ? [kept, last] : [last, kept]
    into.set(start, page, (gzip ?? text).length)
    other.delete(start)
    if (gzip !== null) texts.set(page, text, text.length)
    if (more) ends.ended(place, page.end)
    else allowance.spend(1 + count / LAST_PAGE_ENTRIES_PER_UNIT)
  }

  /** @returns null where the list has begun anew meanwhile */
  const make = (place: Place, head: RevocationHead, signal?: AbortSignal) => {
    const name = `${place.start} ${place.until} ${place.until === null ? nameOf(head) : head.epoch}`
    const turns = place.start === null || place.until === null ? atOnce : inTurn
    const work = async (): Promise<SignedPage | null> => {
      if (turns === inTurn) await new Promise((resolve) => setTimeout(resolve)) // others are answered first
      const made = await makePage(deps, { place, epoch: head.epoch, codec: pageHost })
      if (made !== null) remember(place, made.page, made.text)
      return made?.page ?? null
    }
    return turns.run(name, work, turns === inTurn ? signal : undefined)
  }

  /** A page that was divided by another time may end at the cursor: then one begins there. */
  const makeBeyond = async (
    cursor: Start,
    place: Place,
    head: RevocationHead,
    signal?: AbortSignal,
  ) => {
    const page = await make(place, head, signal)
    if (page === null || cursor === null || !page.more || page.end > cursor) return page
    return await make({ start: cursor, until: null }, head, signal)
  }

  const known = async (place: Place, cursor: Start, head: RevocationHead) => {
    const page = kept.get(place.start) ?? last.get(place.start)
    if (page === undefined || !isYoung(page) || !page.head.startsWith(`${head.epoch}.`)) return null
    const isCurrent = !page.more && page.head === nameOf(head)
    return isCurrent || (await isStillGood(page, cursor)) ? page : null
  }

  /** A follower that reads the list from its start asks for the next page soon: make it while this one travels. */
  const makeNext = async (page: SignedPage, cursor: Start, head: RevocationHead): Promise<void> => {
    if (!sharesWork || !page.more || cursor !== page.start || inTurn.waiting > 0) return
    const place = await ends.place(page.end, head)
    if (place.until !== null && (await known(place, page.end, head)) === null)
      await make(place, head)
  }

  const find = async (after: string | undefined, signal?: AbortSignal): Promise<SignedPage> => {
    for (let tries = 0; tries < MAX_PAGE_TRIES; tries += 1) {
      const head = await store.findRevocationHead()
      const cursor = startOf(after, head)
      const place = await ends.place(cursor, head)
      const page =
        (await known(place, cursor, head)) ?? (await makeBeyond(cursor, place, head, signal))
      if (page === null || !isYoung(page)) continue
      makeNext(page, cursor, head).catch(() => {}) // the request for that page reports the error
      return page
    }
    throw new Unavailable('held_up')
  }

  const textOf = async (page: SignedPage): Promise<Bytes> => {
    const text = page.plain ?? texts.get(page)
    if (text !== undefined) return text
    const { start, issuedAt, gzip } = page
    const name = `text ${start} ${page.end} ${issuedAt}`
    return await atOnce.run(name, async () => {
      const again = await pageHost.gunzip(gzip ?? new Uint8Array())
      texts.set(page, again, again.length)
      return again
    })
  }

  return {
    async page(after, { gzip, signal }) {
      const page = await find(after, signal)
      const compressed = gzip ? page.gzip : null
      const leftMs = page.more ? lifeMs(page) - ageMs(page) : 0
      return {
        body: compressed ?? (await textOf(page)),
        gzip: compressed !== null,
        maxAgeSeconds: Math.max(1, Math.floor(leftMs / 1000)),
      }
    },
  }
}
