// Divides the list into pages of REVOCATION_PAGE_ENTRIES live rules, for 45 seconds. Every cursor is answered from
// one of these pages.
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  REVOCATION_ENDS_READ,
  REVOCATION_KEPT_PAGE_MAX_AGE_MS,
  REVOCATION_NEAR_HEAD,
  REVOCATION_PAGE_ENTRIES,
} from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import type { RevocationHead } from '../store/store.ts'
import { type Place, pageAround, startNearHead } from './place.ts'
import type { Turns } from './turns.ts'

export type PageEnds = {
  /** Finds the page for a cursor; null: for a full answer. @throws Unavailable */
  place(cursor: number | null, head: RevocationHead): Promise<Place>
  /** Records that a page was full, and that a rule follows it. */
  ended(place: Place, end: number): void
}

/** `ends` grows with the requests: it holds the page ends up to the newest place that one has asked for. */
type Division = { epoch: string; madeAt: number; ends: number[]; complete: boolean }

type EndsDeps = Pick<Deps, 'store' | 'clock'> & { turns: Turns }

export const createPageEnds = (deps: EndsDeps): PageEnds => {
  let division: Division = { epoch: '', madeAt: 0, ends: [], complete: false }

  /** Divides anew every 45 seconds: rules expire, and pages would become short and many. */
  const current = ({ epoch }: RevocationHead): Division => {
    const age = deps.clock() - division.madeAt
    const good = division.epoch === epoch && age >= 0 && age < REVOCATION_KEPT_PAGE_MAX_AGE_MS
    if (!good) division = { epoch, madeAt: deps.clock(), ends: [], complete: false }
    return division
  }

  const extend = async (of: Division): Promise<void> => {
    const after = of.ends.at(-1) ?? 0
    const aliveAt = nowSeconds(deps) - MAX_CLOCK_TOLERANCE_SECONDS
    const range = { after, aliveAt, limit: REVOCATION_PAGE_ENTRIES }
    const found = await deps.store.listRevocationPageEnds(range)
    if ((of.ends.at(-1) ?? 0) !== after) return // another request has found them
    of.ends.push(...found)
    of.complete = found.length < REVOCATION_ENDS_READ
  }

  return {
    async place(cursor, head) {
      const now = current(head)
      if (cursor === null) return { start: null, until: now.ends[0] ?? null }
      if (head.seq - cursor <= REVOCATION_NEAR_HEAD) return { start: cursor, until: null }
      while (!now.complete && (now.ends.at(-1) ?? 0) <= cursor) {
        await deps.turns.run(`ends ${now.epoch} ${now.madeAt} ${now.ends.length}`, () =>
          extend(now),
        )
      }
      const lastEnd = now.ends.at(-1) ?? 0
      const start = startNearHead(cursor, head.seq, lastEnd)
      return pageAround(cursor, now.ends) ?? { start, until: null }
    },

    ended({ start, until }, end) {
      if (until !== null) return
      if ((start ?? 0) === (division.ends.at(-1) ?? 0)) division.ends.push(end)
      division.complete = false
    },
  }
}
