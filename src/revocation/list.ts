// The revocation list: the live rules by their numbers, in signed pages (design: Revocation).
//
// An attacker may request any cursor, and must not cause work with it. So a cursor is answered from the page that
// contains it. A page that is not the last has constant content: it is signed once in 45 seconds. Last pages change
// with every rule. Where that is too much work, requests share them for up to 1 second, and their cursor tells a
// follower how far they go.
import {
  LAST_PAGES_BURST,
  LAST_PAGES_PER_SECOND,
  LAST_PAGE_ENTRIES_PER_UNIT,
  MAX_PAGE_TRIES,
  MAX_WAITING_PAGES,
  REVOCATION_KEPT_PAGE_MAX_AGE_MS,
  REVOCATION_PAGES_AT_A_TIME,
  REVOCATION_SIGNATURE_MAX_AGE_MS,
  SHARED_LAST_PAGE_MS,
} from '../constants.ts'
import { Unavailable } from '../errors.ts'
import type { RevocationHead } from '../store/store.ts'
import { type Allowance, createAllowance } from './allowance.ts'
import { startOf } from './cursor.ts'
import { type PageEnds, createPageEnds } from './page-ends.ts'
import type { Bytes, PageHost } from './page-host.ts'
import { type PageMemory, type Start, createPageMemory } from './page-memory.ts'
import { type PageDeps, type SignedPage, makePage, nameOf } from './page.ts'
import type { Place } from './place.ts'
import { type Turns, createLonelyTurns, createTurns } from './turns.ts'

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
  /** Time for which a cache may keep it, in seconds. */
  maxAgeSeconds: number
}

export type RevocationList = {
  /** The page that contains a cursor, as a JWT; a full answer for a cursor that is not valid. @throws Unavailable */
  page(after: string | undefined, asked: Asked): Promise<PageAnswer>
}

type State = {
  deps: ListDeps
  memory: PageMemory
  /** The work on last pages. */
  allowance: Allowance
  ends: PageEnds
  /** Pages that any caller can request take turns. */
  inTurn: Turns
  /** Pages that live followers and new ones request first do not wait. */
  atOnce: Turns
}

const createState = (deps: ListDeps): State => {
  const { store, clock, pageHost } = deps
  const turnsOf = (atATime: number): Turns =>
    pageHost.sharesWork
      ? createTurns({ atATime, maxWaiting: MAX_WAITING_PAGES })
      : createLonelyTurns()
  const atOnce = turnsOf(Infinity)
  return {
    deps,
    memory: createPageMemory(pageHost.maxBytes),
    allowance: createAllowance({ burst: LAST_PAGES_BURST, perSecond: LAST_PAGES_PER_SECOND }),
    ends: createPageEnds({ store, clock, turns: atOnce }),
    inTurn: turnsOf(REVOCATION_PAGES_AT_A_TIME),
    atOnce,
  }
}

const lifeMs = ({ more }: SignedPage): number =>
  more ? REVOCATION_KEPT_PAGE_MAX_AGE_MS : REVOCATION_SIGNATURE_MAX_AGE_MS

const ageMs = ({ deps }: State, { issuedAt }: SignedPage): number => deps.clock() - issuedAt * 1000

const isYoung = (state: State, page: SignedPage): boolean => {
  const age = ageMs(state, page)
  return age >= 0 && age < lifeMs(page)
}

/** True for a page that is older than the newest rule, and still useful: it has rules behind the cursor. */
const isStillGood = async (
  { deps, allowance }: State,
  page: SignedPage,
  cursor: Start,
): Promise<boolean> => {
  const isBehindCursor = page.end > (cursor ?? -1)
  const isShared = allowance.isSpent() && performance.now() - page.madeAt < SHARED_LAST_PAGE_MS
  if (!isBehindCursor || !(page.more || isShared)) return false
  // A follower refuses a page that a revoked key has signed.
  return page.kid === (await deps.signer.activeKid('RS256'))
}

const remembered = async (
  state: State,
  place: Place,
  cursor: Start,
  head: RevocationHead,
): Promise<SignedPage | null> => {
  const page = state.memory.find(place.start)
  if (page === undefined || !isYoung(state, page)) return null
  if (!page.head.startsWith(`${head.epoch}.`)) return null
  const isCurrent = !page.more && page.head === nameOf(head)
  return isCurrent || (await isStillGood(state, page, cursor)) ? page : null
}

const remember = (
  { memory, ends, allowance }: State,
  place: Place,
  { page, text }: { page: SignedPage; text: Bytes },
): void => {
  memory.add(page, text)
  if (page.more) ends.ended(place, page.end)
  else allowance.spend(1 + page.count / LAST_PAGE_ENTRIES_PER_UNIT)
}

/** @returns null where another epoch has begun meanwhile */
const make = (
  state: State,
  place: Place,
  head: RevocationHead,
  signal?: AbortSignal,
): Promise<SignedPage | null> => {
  const { deps, inTurn, atOnce } = state
  const name = `${place.start} ${place.until} ${place.until === null ? nameOf(head) : head.epoch}`
  const takesTurn = place.start !== null && place.until !== null
  const work = async (): Promise<SignedPage | null> => {
    if (takesTurn) await new Promise((resolve) => setTimeout(resolve)) // serves other requests first
    const made = await makePage(deps, { place, epoch: head.epoch, codec: deps.pageHost })
    if (made !== null) remember(state, place, made)
    return made?.page ?? null
  }
  return takesTurn ? inTurn.run(name, work, signal) : atOnce.run(name, work)
}

/**
 * Makes the page that contains a cursor. The list may be divided anew meanwhile, so that the page ends at the cursor:
 * then a page that begins there is made.
 */
const makeBeyond = async (
  state: State,
  cursor: Start,
  place: Place,
  head: RevocationHead,
  signal?: AbortSignal,
): Promise<SignedPage | null> => {
  const page = await make(state, place, head, signal)
  if (page === null || cursor === null || !page.more || page.end > cursor) return page
  return await make(state, { start: cursor, until: null }, head, signal)
}

/** Makes the next page while this one travels: a follower that reads the list from its start requests it soon. */
const makeNext = async (
  state: State,
  page: SignedPage,
  cursor: Start,
  head: RevocationHead,
): Promise<void> => {
  const { deps, ends, inTurn } = state
  const isReadInOrder = page.more && cursor === page.start
  if (!deps.pageHost.sharesWork || !isReadInOrder || inTurn.waiting > 0) return
  const place = await ends.place(page.end, head)
  if (place.until === null || (await remembered(state, place, page.end, head)) !== null) return
  await make(state, place, head)
}

const find = async (
  state: State,
  after: string | undefined,
  signal?: AbortSignal,
): Promise<SignedPage> => {
  for (let tries = 0; tries < MAX_PAGE_TRIES; tries += 1) {
    const head = await state.deps.store.findRevocationHead()
    const cursor = startOf(after, head)
    const place = await state.ends.place(cursor, head)
    const page =
      (await remembered(state, place, cursor, head)) ??
      (await makeBeyond(state, cursor, place, head, signal))
    if (page === null || !isYoung(state, page)) continue
    makeNext(state, page, cursor, head).catch(() => {}) // the request for that page reports the error
    return page
  }
  throw new Unavailable('held_up')
}

const textOf = async ({ deps, memory, atOnce }: State, page: SignedPage): Promise<Bytes> => {
  const text = memory.textOf(page)
  if (text !== undefined) return text
  const { start, issuedAt, gzip } = page
  const name = `text ${start} ${page.end} ${issuedAt}`
  return await atOnce.run(name, async () => {
    const unpacked = await deps.pageHost.gunzip(gzip ?? new Uint8Array())
    memory.addText(page, unpacked)
    return unpacked
  })
}

export const createRevocationList = (deps: ListDeps): RevocationList => {
  const state = createState(deps)
  return {
    async page(after, { gzip, signal }) {
      const page = await find(state, after, signal)
      const compressed = gzip ? page.gzip : null
      const leftMs = page.more ? lifeMs(page) - ageMs(state, page) : 0
      return {
        body: compressed ?? (await textOf(state, page)),
        gzip: compressed !== null,
        maxAgeSeconds: Math.max(1, Math.floor(leftMs / 1000)),
      }
    },
  }
}
