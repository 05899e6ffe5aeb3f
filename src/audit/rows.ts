// The rows of the audit table, oldest first and a page at a time, and where one is not there.
import { AUDIT_PAGE_ROWS } from '../constants.ts'
import type { AuditFilter, AuditRow, Store } from '../store/store.ts'

type Reader = Pick<Store, 'listAuditEvents'>

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
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last.seq
  }
}

export type Rows = ReturnType<typeof createRows>

/** Reads on from where it was left. */
export const createRows = (store: Reader) => {
  let page: AuditRow[] = []
  /** The one to come, if none is missing. */
  let next = 1

  const peek = async (): Promise<AuditRow | undefined> => {
    if (page.length === 0) {
      const behind = { after: next - 1, limit: AUDIT_PAGE_ROWS, newestFirst: false }
      page = await store.listAuditEvents({ filter: {}, ...behind })
    }
    return page[0]
  }

  return {
    /** Leaves out what is not looked at. */
    skipTo(seq: number): void {
      page = page.filter((row) => row.seq > seq)
      next = Math.max(next, seq + 1)
    },

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
