// Reading the audit table: rows oldest first, a page at a time, and the gaps between them.
import { AUDIT_PAGE_ROWS } from '../constants.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditFilter, AuditPart, AuditRow, Store } from '../store/store.ts'

type Reader = Pick<Store, 'listAuditEvents'>

/** False for a number beyond MAX_SAFE_INTEGER, which counting up from 1 cannot reach. */
export const isCounted = ({ seq }: Pick<AuditRow, 'seq'>): boolean => Number.isSafeInteger(seq)

type Steps = { filter?: AuditFilter; after?: number | null; upTo?: number }

/** Yields the rows behind `after` that match the filter, step by step; a step can have none. */
export const readSteps = async function* (
  store: Reader,
  { filter = {}, after: start = null, upTo }: Steps = {},
): AsyncGenerator<AuditRow[]> {
  const page = {
    filter,
    limit: AUDIT_PAGE_ROWS,
    newestFirst: false,
    ...(upTo !== undefined && { upTo }),
  }
  let after: number | null = start
  do {
    const part: AuditPart = await store.listAuditEvents({ ...page, after })
    await letOthersRun()
    yield part.rows
    after = part.next
  } while (after !== null)
}

export type Rows = ReturnType<typeof createRows>

/** A read of many pages; `onStep` is called after each one and ends the read by throwing. */
export type Reading = { store: Store; onStep: () => Promise<void> }

/** Reads rows in several calls, each from where the last one ended. Skips numbers beyond MAX_SAFE_INTEGER. */
export const createRows = ({ store, onStep }: Reading) => {
  let page: AuditRow[] = []
  /** Number of the next row if none is missing. */
  let next = 1

  const peek = async (): Promise<AuditRow | undefined> => {
    if (page.length === 0) {
      const behind = { after: next - 1, limit: AUDIT_PAGE_ROWS, newestFirst: false }
      page = (await store.listAuditEvents({ filter: {}, ...behind })).rows.filter(isCounted)
      await letOthersRun()
      await onStep()
    }
    return page[0]
  }

  return {
    /** @param missing is called with the first and the last number of each gap */
    async *upTo(
      end: number,
      missing: (from: number, to: number) => Promise<void>,
    ): AsyncGenerator<AuditRow> {
      for (let row = await peek(); row !== undefined && row.seq <= end; row = await peek()) {
        page.shift()
        if (row.seq > next) await missing(next, row.seq - 1)
        next = row.seq + 1
        yield row
      }
      if (end === Infinity || next > end) return
      await missing(next, end)
      next = end + 1
    },
  }
}
