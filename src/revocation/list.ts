// The revocation list: the live rules by their numbers, in signed pages (design: Revocation).
import {
  MAX_CACHED_PAGES,
  MAX_CLOCK_TOLERANCE_SECONDS,
  REVOCATION_NEAR_HEAD,
  REVOCATION_LIST_TTL_SECONDS,
  REVOCATION_PAGE_ENTRIES,
  REVOCATION_SIGNATURE_MAX_AGE_MS,
} from '../constants.ts'
import { type Deps, nowSeconds } from '../deps.ts'
import type { Revocation, RevocationHead } from '../store/store.ts'
import { formatCursor, startOf } from './cursor.ts'
import { createPace } from './pace.ts'

/** So that nobody takes a list for an access token, or the other way round. */
export const REVOCATION_LIST_TYPE = 'revocations+jwt'

export const revocationListUrl = (issuer: string): string => `${issuer}/oauth/revocations`

/** One rule of the list. `exp` is in seconds since the epoch; null: for good. */
type Entry = { seq: number; kind: string; value: string; gen?: number; exp: number | null }

type ListDeps = Pick<Deps, 'store' | 'signer' | 'issuer' | 'clock'>

type SignedPage = { jwt: Promise<string>; head: string; issuedAt: number }

export type RevocationList = {
  /** The page behind a cursor, as a JWT; from the start for a cursor that is not good. @throws Unavailable */
  page(after: string | undefined): Promise<string>
}

/** All who ask for the same page share its signature, for as long as nothing changes and it is young. */
export const createRevocationList = (deps: ListDeps): RevocationList => {
  const pages = new Map<number | null, SignedPage>()
  const pace = createPace()
  const isGood = (page: SignedPage, head: RevocationHead): boolean => {
    const age = deps.clock() - page.issuedAt * 1000
    return page.head === nameOf(head) && age >= 0 && age < REVOCATION_SIGNATURE_MAX_AGE_MS
  }

  const sign = (start: number | null, head: RevocationHead): SignedPage => {
    const issuedAt = nowSeconds(deps)
    const make = () => signPage(deps, { start, head, issuedAt })
    // All but a few cursors are asked for by nobody, or by somebody who asks for each of them.
    const shared = start === null || head.seq - start <= REVOCATION_NEAR_HEAD
    const jwt = shared ? make() : pace(make)
    const page = { jwt, head: nameOf(head), issuedAt }
    jwt.catch(() => pages.get(start) === page && pages.delete(start))
    keep(start, page, head)
    return page
  }

  const keep = (start: number | null, page: SignedPage, head: RevocationHead): void => {
    for (const [at, old] of pages) if (!isGood(old, head)) pages.delete(at)
    pages.set(start, page)
    const [oldest] = pages.keys()
    if (pages.size > MAX_CACHED_PAGES && oldest !== undefined) pages.delete(oldest)
  }

  return {
    async page(after) {
      const head = await deps.store.findRevocationHead()
      const start = startOf(after, head)
      const known = pages.get(start)
      return await (known !== undefined && isGood(known, head) ? known : sign(start, head)).jwt
    },
  }
}

const nameOf = ({ epoch, seq }: RevocationHead): string => `${epoch}.${seq}`

type Page = { start: number | null; head: RevocationHead; issuedAt: number }

/** The head was read before the rules: what came in between is in this page or behind its cursor. */
const signPage = async (
  { store, signer, issuer }: ListDeps,
  { start, head, issuedAt }: Page,
): Promise<string> => {
  const aliveAt = issuedAt - MAX_CLOCK_TOLERANCE_SECONDS
  const rules = await store.listLiveRevocations(start ?? 0, aliveAt, REVOCATION_PAGE_ENTRIES + 1)
  const more = rules.length > REVOCATION_PAGE_ENTRIES
  const entries = rules.slice(0, REVOCATION_PAGE_ENTRIES).map(entryOf)
  const last = entries.at(-1)?.seq ?? 0
  const seq = more ? last : Math.max(last, head.seq)
  const url = revocationListUrl(issuer)
  const cursorAt = (at: number, goesOn: boolean): string =>
    formatCursor({ epoch: head.epoch, seq: at, more: goesOn })
  const payload = {
    iss: url,
    aud: url,
    iat: issuedAt,
    exp: issuedAt + REVOCATION_LIST_TTL_SECONDS,
    epoch: head.epoch,
    cursor: cursorAt(seq, more),
    full: start === null,
    more,
    entries,
  }
  // Behind which cursor it begins, so that nobody can hand a follower a page that leaves something out.
  const header = start === null ? {} : { after: cursorAt(start, false) }
  const options = { algorithm: 'RS256', typ: REVOCATION_LIST_TYPE, header } as const
  return (await signer.sign(payload, options)).token
}

const entryOf = ({ seq, kind, value, gen, expiresAt }: Revocation): Entry => ({
  seq,
  kind,
  value,
  ...(gen !== null && { gen }),
  exp: expiresAt,
})
