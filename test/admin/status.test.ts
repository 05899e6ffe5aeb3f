// The status of a server: figures of its database, the state of the newest seal, and the host's files.
import { beforeAll, describe, expect, it } from 'vitest'
import { showStatus } from '../../src/admin/status.ts'
import { statusSchema } from '../../src/admin/views/status.ts'
import type { Host } from '../../src/deps.ts'
import { DAY, RETENTION, type Table, filledTable } from '../audit/table.ts'
import { adminOf } from '../support/admin.ts'
import { START, startServer } from '../support/server.ts'

let table: Table
let admin: ReturnType<typeof adminOf>
beforeAll(async () => {
  table = await filledTable()
  admin = adminOf(table.server)
})

const HOST: Host = {
  readStorage: async () => ({
    schema: '0012_server_clock',
    database: { path: '/data/latchkey.db', bytes: 4096 },
    ledger: null,
    freeBytes: 10 ** 9,
  }),
  server: { startedAt: START - 60_000, countFollowers: () => 2 },
}

describe('status', () => {
  it('counts events, and tells how many the newest seal does not cover', async () => {
    const { audit } = await showStatus(admin)
    expect(audit).toEqual({
      events: 13,
      unsealed: 2,
      sealed_at: '2026-01-01T00:02:00Z',
      newest_seal: 'intact',
    })
  })

  it('reports a newest seal that was changed', async () => {
    const changed = await filledTable()
    const newest = 'last_seq = (select max(last_seq) from audit_seals)'
    changed.server.sql(`update audit_seals set created_at = created_at + 1 where ${newest}`)
    const { audit } = await showStatus(adminOf(changed.server))
    expect(audit.newest_seal).toBe('changed')
  })

  it.each(["'[]'", 'null'])('reports a forged cut seal with the digests %s', async (digests) => {
    const forged = await filledTable()
    forged.server.sql(
      `insert into audit_seals (first_seq, last_seq, created_at, digests, mac, cut_mac)
       select 12, max(seq), max(created_at), ${digests}, 'forged', 'forged' from audit_events`,
    )
    const { audit } = await showStatus(adminOf(forged.server))
    expect(audit).toMatchObject({ unsealed: 0, newest_seal: 'changed' })
  })

  it('reports a seal as intact after retention has deleted its rows', async () => {
    const kept = await filledTable()
    await kept.upkeep.run()
    kept.advance(RETENTION + DAY)
    await kept.upkeep.run()
    expect(await kept.server.store.findNewestAuditSeal()).toMatchObject({ digests: null })
    const { audit } = await showStatus(adminOf(kept.server))
    expect(audit.newest_seal).toBe('intact')
  })

  it('has keys with their next change, rules, tokens of the ledger, process and files', async () => {
    const server = await startServer({ host: HOST, keyRotationSeconds: 90 * 24 * 60 * 60 })
    const client = await server.client({ grants: { hook: ['hook:track'] }, plugins: [] })
    await server.store.revokeClientTokens(client.id, server.seconds())
    const status = await showStatus(adminOf(server))
    expect(statusSchema.parse(status)).toEqual(status)
    const keys = await server.store.listKeys()
    const kidOf = (state: string) => keys.find((key) => key.state === state)?.kid
    expect(status).toMatchObject({
      server: { state: 'running', uptime_seconds: 60, followers: 2 },
      database: { schema: '0012_server_clock', file: { bytes: 4096 } },
      keys: [
        {
          algorithm: 'RS256',
          active_kid: kidOf('active'),
          next_kid: kidOf('next'),
          next_change_at: '2026-04-01T00:00:00Z',
        },
      ],
      revocation: { head: 1, rules: 1 },
      audit: { events: 0, unsealed: 0, sealed_at: null, newest_seal: null },
      ledger: { tokens: 0, file: null },
      disk_free_bytes: 10 ** 9,
    })
  })

  it('has no process and no files where the platform has none', async () => {
    const { server, database, ledger, disk_free_bytes } = await showStatus(
      adminOf(await startServer({ ledger: null })),
    )
    expect({ server, file: database.file, ledger, disk_free_bytes }).toEqual({
      server: null,
      file: null,
      ledger: null,
      disk_free_bytes: null,
    })
  })
})
