// Makes one page of the revocation list: reads, signs and compresses it (design: Revocation).
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  MIN_COMPRESSED_BYTES,
  REVOCATION_LIST_TTL_SECONDS,
  REVOCATION_PAGE_ENTRIES,
} from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import type { RevocationHead, RevocationPage } from '../store/store.ts'
import { formatCursor } from './cursor.ts'
import type { Bytes, Codec } from './page-host.ts'
import type { Place } from './place.ts'

/** The `typ` of a list, so that no verifier accepts a list as an access token, or an access token as a list. */
const REVOCATION_LIST_TYPE = 'revocations+jwt'

const revocationListUrl = (issuer: string): string => `${issuer}/oauth/revocations`

export type SignedPage = {
  readonly start: number | null
  /** The number in its cursor. */
  readonly end: number
  readonly more: boolean
  /** The head of the list when it was read. */
  readonly head: string
  readonly kid: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Milliseconds that only grow. */
  readonly madeAt: number
  /** Number of entries. */
  readonly count: number
  /** The JWT; null for a long page, of which only the compressed form is kept. */
  readonly plain: Bytes | null
  readonly gzip: Bytes | null
}

export type PageDeps = Pick<Deps, 'store' | 'signer' | 'issuer' | 'clock'>

export const nameOf = ({ epoch, seq }: RevocationHead): string => `${epoch}.${seq}`

/**
 * Reads the clock first, then the head, then the rules: a rule that is written in between is in this page or behind its
 * cursor.
 * @returns null where another epoch has begun since `place` was found. @throws Unavailable
 */
export const makePage = async (
  deps: PageDeps,
  { place, epoch, codec }: { place: Place; epoch: string; codec: Codec },
): Promise<{ page: SignedPage; text: Bytes } | null> => {
  const { start, until } = place
  const issuedAt = nowSeconds(deps)
  const madeAt = performance.now()
  const head = await deps.store.findRevocationHead()
  if (head.epoch !== epoch) return null
  const aliveAt = issuedAt - MAX_CLOCK_TOLERANCE_SECONDS
  const limit = REVOCATION_PAGE_ENTRIES
  const read = await deps.store.readRevocationPage({ after: start ?? 0, until, aliveAt, limit })
  const { entries, count, last } = read
  const more = read.end !== null
  const end = read.end ?? Math.max(last ?? 0, head.seq)
  const { token, kid } = await sign(deps, { start, end, more, issuedAt, epoch, entries })
  const text = Buffer.from(token, 'latin1')
  const gzip = text.length < MIN_COMPRESSED_BYTES ? null : await codec.gzip(text)
  const plain = gzip === null ? text : null
  const made = { head: nameOf(head), kid, issuedAt, madeAt }
  const page = { start, end, more, ...made, count, plain, gzip }
  return { page, text }
}

type Signed = Pick<SignedPage, 'start' | 'end' | 'more' | 'issuedAt'> &
  Pick<RevocationPage, 'entries'> & { epoch: string }

const sign = (
  { signer, issuer }: PageDeps,
  { start, end, issuedAt, more, epoch, entries }: Signed,
) => {
  const url = revocationListUrl(issuer)
  const cursorAt = (seq: number, hasMore: boolean): string =>
    formatCursor({ epoch, seq, more: hasMore })
  const members = JSON.stringify({
    iss: url,
    aud: url,
    iat: issuedAt,
    exp: issuedAt + REVOCATION_LIST_TTL_SECONDS,
    epoch,
    cursor: cursorAt(end, more),
    full: start === null,
    more,
  })
  // The cursor behind which the page begins: an attacker cannot hand a follower a page that leaves rules out.
  const header = start === null ? {} : { after: cursorAt(start, false) }
  // The entries are JSON already.
  const payload = `${members.slice(0, -1)},"entries":${entries}}`
  return signer.signText(payload, { typ: REVOCATION_LIST_TYPE, header })
}
