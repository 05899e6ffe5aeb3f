// The rows of the audit table, oldest first and a page at a time, and where one is not there.
import { AUDIT_PAGE_ROWS } from '../constants.ts'
import type { AuditFilter, AuditRow, Store } from '../store/store.ts'

type Reader = Pick<Store, 'listAuditEvents'>

/** Counted up from 1, numbers stay exact for all time. */
export const isCounted = ({ seq }: Pick<AuditRow, 'seq'>): boolean => Number.isSafeInteger(seq)

/** Between two pages requests are answered: a driver that does not wait would hold the process up. */
export const letOthersRun = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/** Every row that the filter lets through. */
export const readRows = async function* (
  store: Reader,
  filter: AuditFilter = {},
): AsyncGenerator<AuditRow> {
  let after: number | null = null
  for (;;) {
    const page: AuditRow[] = await store.listAuditEvents({
      filter,
      after,
      limit: AUDIT_PAGE_ROWS,
      newestFirst: false,
    })
    await letOthersRun()
    const last = page.at(-1)
    // Whoever can write the database can write numbers that are not exact here: none is read for ever.
    if (last === undefined || last.seq === after) return
    yield* page
    after = last.seq
  }
}

export type Rows = ReturnType<typeof createRows>

/** Reads on from where it was left, and nothing whose number has not been counted up to. */
export const createRows = (store: Reader) => {
  let page: AuditRow[] = []
  /** The one to come, if none is missing. */
  let next = 1

  const peek = async (): Promise<AuditRow | undefined> => {
    if (page.length === 0) {
      const behind = { after: next - 1, limit: AUDIT_PAGE_ROWS, newestFirst: false }
      page = (await store.listAuditEvents({ filter: {}, ...behind })).filter(isCounted)
      await letOthersRun()
    }
    return page[0]
  }

  return {
    /** @param missing is told of each gap: its first and its last number */
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
