// Audit table of thirteen rows: 1 to 4, 5 to 8 and 9 to 11 are sealed, a minute apart; 12 and 13
// are not.
import { verifyAudit } from '../../src/admin/audit.ts'
import { createUpkeep } from '../../src/upkeep/upkeep.ts'
import { adminOf } from '../support/admin.ts'
import { type TestServer, startServer } from '../support/server.ts'

export const DAY = 24 * 60 * 60
export const RETENTION = 400 * DAY

/** Makes the once-a-minute job of the server. A second one acts as another process. */
export const upkeepOf = (
  { deps, audit, lastUsed }: TestServer,
  { retentionSeconds = RETENTION as number | null, kek = deps.kek } = {},
) => createUpkeep({ ...deps, audit, lastUsed, kek, retentionSeconds })

export const event = (target: string) => ({
  actor: 'cli:me',
  action: 'client.disable',
  target,
  outcome: 'refused' as const,
  reason: 'conflict',
  requestId: 'q',
  address: '192.0.2.1',
})

export const openTable = async () => {
  const server = await startServer()
  const upkeep = upkeepOf(server)
  /** Writes rows that all differ. */
  const write = async (...targets: (string | number)[]): Promise<void> => {
    for (const target of targets) await server.audit.write(event(String(target)))
  }
  return {
    ...server,
    server,
    upkeep,
    write,
    verify: () => verifyAudit(adminOf(server)),
    /** Returns `[finding, seq, last_seq]` of each finding. */
    async findings() {
      const { findings } = await verifyAudit(adminOf(server))
      return findings.map(({ finding, seq, last_seq: last }) => [finding, seq, last])
    },
  }
}

export type Table = Awaited<ReturnType<typeof openTable>>

export const filledTable = async (): Promise<Table> => {
  const table = await openTable()
  for (const targets of [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11],
  ]) {
    await table.write(...targets)
    await table.upkeep.run()
    table.advance(60)
  }
  await table.write(12, 13)
  return table
}

/** Report without findings. */
export const INTACT = { intact: true, found: 0, findings: [] }

/** Returns `[seq, action, target]` of every row. */
export const actions = async ({ store }: Pick<Table, 'store'>) => {
  const page = { filter: {}, after: null, limit: 1_000, newestFirst: false }
  return (await store.listAuditEvents(page)).rows.map((row) => [row.seq, row.action, row.target])
}
