import { beforeAll, describe, expect, it } from 'vitest'
import { SHELL } from '../../src/admin/authority.ts'
import { exportAudit, listAudit, verifyAudit } from '../../src/admin/audit.ts'
import { OperationRefused } from '../../src/errors.ts'
import { type Table, filledTable } from '../audit/table.ts'
import { adminOf } from '../support/admin.ts'

let table: Table
let admin: ReturnType<typeof adminOf>
beforeAll(async () => {
  table = await filledTable()
  admin = adminOf(table.server)
})

/** Makes the cursor of a list. */
const cursor = (seq: number): string => Buffer.from(`["audit",[${seq}]]`).toString('base64url')

type Query = NonNullable<Parameters<typeof listAudit>[1]>

const listed = async (query: Query) => (await listAudit(admin, query)).items.map(({ seq }) => seq)

describe('list of audit events', () => {
  it('shows every column, with the newest event first', async () => {
    expect((await listAudit(admin)).items[0]).toEqual({
      seq: 13,
      time: '2026-01-01T00:03:00Z',
      actor: 'cli:me',
      action: 'client.disable',
      target: '13',
      outcome: 'refused',
      reason: 'conflict',
      request_id: 'q',
      address: '192.0.2.1',
      count: 1,
    })
  })

  it.each<[Query, number[]]>([
    [{ limit: 3 }, [13, 12, 11]],
    [{ limit: 3, cursor: cursor(11) }, [10, 9, 8]],
    [{ cursor: cursor(1) }, []],
    [{ target: '7' }, [7]],
    [{ outcome: 'success' }, []],
    [{ actor: 'cli:me', action: 'client.disable', request_id: 'q', limit: 1 }, [13]],
    [{ since: '2026-01-01T00:03:00Z' }, [13, 12]],
    [{ since: '2026-01-01T00:02:00.001Z' }, [13, 12]],
    [{ since: '2026-01-01T01:03:00+01:00' }, [13, 12]],
    [{ until: '2026-01-01T00:01:00Z' }, [4, 3, 2, 1]],
    [{ since: '2026-01-01', until: '2026-01-02', limit: 1 }, [13]],
    [{ until: '2026-01-01' }, []],
  ])('selects events by %j', async (query, found) => {
    expect(await listed(query)).toEqual(found)
  })

  it.each<[string, object]>([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1_001 }],
    ['limit', { limit: 1.5 }],
    ['cursor', { cursor: 'x' }],
    ['since', { since: 'yesterday' }],
    ['since', { since: '2026-01-01T00:00:00' }],
    ['until', { until: '2026-13-01' }],
    ['outcome', { outcome: 'done' }],
    ['actor', { actor: '' }],
    ['nobody', { nobody: 'x' }],
  ])('refuses a wrong %s: %j', async (field, query) => {
    const refusal = await listAudit(admin, query).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(OperationRefused)
    expect(refusal).toMatchObject({
      code: 'invalid_value',
      message: expect.stringMatching(new RegExp(`^${field}: `)),
    })
  })

  it('shows a bound administrator the events of its workspace only', async () => {
    const { id } = await table.client()
    await table.write(id)
    const of = (workspaceId: string) => {
      const authority = { ...SHELL, workspaceId }
      return { ...admin, authority, reauthorize: async () => authority }
    }
    const seen = (await listAudit(of('default'))).items
    expect(seen.map(({ target }) => target)).toEqual([id])
    expect((await listAudit(of('other'))).items).toEqual([])
    const exported: unknown[] = []
    for await (const { target } of (await exportAudit(of('default'))).rows) exported.push(target)
    expect(exported).toEqual([id])
    await expect(verifyAudit(of('default'))).rejects.toMatchObject({ code: 'unbound_required' })
  })
})

it('reading of the audit leaves no event', async () => {
  const before = table.query('select * from audit_events')
  await listAudit(admin)
  await verifyAudit(admin)
  for await (const _row of (await exportAudit(admin)).rows) continue
  expect(table.query('select * from audit_events')).toEqual(before)
})
