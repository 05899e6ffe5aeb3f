// Counters of requests, written once a minute.
import { statSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { startServer } from '../support/server.ts'
import { type Table, upkeepOf } from './table.ts'

describe('refused logins', () => {
  const attempt = (server: Awaited<ReturnType<typeof startServer>>, id: string) =>
    server.requestToken({}, { basic: { id, secret: 'wrong' } })
  const name = (i: number): string => `lkc_${String(i).padStart(22, '0')}`

  const counted = async ({ store }: Pick<Table, 'store'>) => {
    const page = {
      filter: { action: 'client.authenticate' },
      after: null,
      limit: 1_000,
      newestFirst: false,
    }
    return (await store.listAuditEvents(page)).rows
  }

  it('are summed up: ten thousand become at most 21 rows, and no login is lost', async () => {
    const server = await startServer()
    for (let i = 0; i < 10_000; i++) await attempt(server, name(i % 1_000))
    expect(await counted(server)).toEqual([])
    await upkeepOf(server).run()
    const rows = await counted(server)
    expect(rows.length).toBeLessThanOrEqual(21)
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(10_000)
    expect(rows.filter(({ target }) => target === name(0))).toMatchObject([{ count: 10 }])
    expect(rows.filter(({ target }) => target === null)).toHaveLength(1)
  })

  it('are counted by the client id that they name', async () => {
    const server = await startServer()
    for (const id of [name(1), name(2), name(1), 'no id of ours']) await attempt(server, id)
    await upkeepOf(server).run()
    const rows = await counted(server)
    expect(rows.map(({ target, count }) => [target, count])).toEqual([
      [name(1), 2],
      [name(2), 1],
      [null, 1],
    ])
    for (const row of rows) {
      expect(row).toMatchObject({
        actor: 'unknown',
        outcome: 'refused',
        reason: 'client_authentication_failed',
      })
    }
  })

  it('are kept when the database fails', async () => {
    const server = await startServer()
    const upkeep = upkeepOf(server)
    server.fail('addAuditEvents', new Unavailable('SQLITE_FULL'))
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 30; i++) await attempt(server, name(i))
      await upkeep.run()
    }
    server.heal()
    await upkeep.run()
    const rows = await counted(server)
    expect(rows.length).toBeLessThanOrEqual(21)
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(90)
  })
})

describe('counter', () => {
  it('adds the counts that come during a failed write', async () => {
    const server = await startServer()
    const attempt = () => server.requestToken({}, { basic: { id: 'x', secret: 'wrong' } })
    const failing = async () => {
      for (let i = 0; i < 4; i++) await attempt()
      throw new Unavailable('SQLITE_FULL')
    }
    for (let i = 0; i < 3; i++) await attempt()
    Object.assign(server.deps.store, { addAuditEvents: failing })
    await upkeepOf(server).run()
    server.heal()
    await upkeepOf(server).run()
    const counts = server.query(`select count from audit_events where target is null`)
    expect(counts).toEqual([{ count: 7 }])
  })
})

describe('last use of a secret', () => {
  const used = async (server: Awaited<ReturnType<typeof startServer>>, id: string) =>
    (await server.store.listSecrets(id, server.seconds())).map(({ lastUsedAt }) => lastUsedAt)

  it('is written once a minute, never by a login, and never moves back', async () => {
    const server = await startServer()
    const client = await server.client({ grants: { hook: ['hook:track'] }, plugins: ['p'] })
    const upkeep = upkeepOf(server)
    const writes = vi.fn(server.store.touchSecrets)
    Object.assign(server.deps.store, { touchSecrets: writes })
    const written = () => statSync(`${server.path}-wal`, { bigint: true }).mtimeNs
    const before = written()
    for (let i = 0; i < 50; i++) await server.issue(client)
    expect(writes).not.toHaveBeenCalled()
    expect(written()).toBe(before)

    const first = server.seconds()
    await upkeep.run()
    await upkeep.run()
    expect(writes).toHaveBeenCalledTimes(1)
    expect(await used(server, client.id)).toEqual([first])

    server.advance(-30)
    await server.issue(client)
    await upkeep.run()
    expect(await used(server, client.id)).toEqual([first])
    server.advance(90)
    await server.requestToken({}, { basic: { ...client, secret: 'wrong' } })
    await upkeep.run()
    expect(await used(server, client.id)).toEqual([first])
    await server.issue(client)
    await upkeep.run()
    expect(await used(server, client.id)).toEqual([first + 60])
  })

  it('is kept when it cannot be written', async () => {
    const server = await startServer()
    const client = await server.client({ grants: { hook: ['hook:track'] }, plugins: ['p'] })
    await server.issue(client)
    const at = server.seconds()
    server.fail('touchSecrets', new Unavailable('SQLITE_FULL'))
    await upkeepOf(server).run()
    server.heal()
    server.advance(60)
    await upkeepOf(server).run()
    expect(await used(server, client.id)).toEqual([at])
  })
})
