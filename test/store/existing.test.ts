// Copies of a database that is in use, and stores for reads and rehearsals.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { OperationRefused, StartRefused, Unavailable } from '../../src/errors.ts'
import { backUp, openToRead, rehearse } from '../../src/store/sqlite/existing.ts'
import type { Store } from '../../src/store/store.ts'
import { atEndOfFile } from '../support/cleanups.ts'
import { dumpFile } from '../support/database.ts'
import { START_SECONDS, startServer } from '../support/server.ts'

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-existing-'))
  atEndOfFile(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('copy of a database in use', () => {
  it('has its rows and mode 0600, and the pages are counted', async () => {
    const server = await startServer()
    await server.client()
    const copy = join(newFolder(), 'copy.db')
    const seen: [done: number, total: number][] = []
    await backUp(server.path, copy, { onProgress: (done, total) => seen.push([done, total]) })
    expect(dumpFile(copy)).toEqual(dumpFile(server.path))
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    expect(seen.map(([done]) => done)).toEqual([0]) // The only step follows.
    expect(seen[0]?.[1]).toBeGreaterThan(10)
  })

  it('has the state of the moment at which it began, whatever is committed meanwhile', async () => {
    const server = await startServer()
    const other = new BetterSqlite3(server.path)
    other.exec('create table fill (content blob)')
    other.exec('insert into fill values (zeroblob(2000000))') // more pages than the first step has
    const before = dumpFile(server.path)
    const copy = join(newFolder(), 'copy.db')
    let commits = 0
    await backUp(server.path, copy, {
      onProgress: () => {
        commits += 1
        other.exec("insert into fill values ('committed meanwhile')")
      },
    })
    expect(commits).toBeGreaterThan(0)
    // toEqual compares the bytes of the 2 MB one by one, which costs 6 s of a core.
    expect(isDeepStrictEqual(dumpFile(copy), before)).toBe(true)
    other.close()
  })

  it('is removed with its journal when a signal ends it, and can be made again', async () => {
    const server = await startServer()
    const folder = newFolder()
    const copy = join(folder, 'copy.db')
    const ending = new AbortController()
    const ended = backUp(server.path, copy, {
      signal: ending.signal,
      onProgress: () => {
        writeFileSync(`${copy}-journal`, '')
        ending.abort('SIGTERM')
      },
    })
    await expect(ended).rejects.toThrow(`cannot write the copy ${copy}: SIGTERM`)
    expect(readdirSync(folder)).toEqual([])
    await backUp(server.path, copy)
    expect(readdirSync(folder)).toEqual(['copy.db'])
  })

  it('overwrites no file, and leaves nothing behind where it cannot be written', async () => {
    const server = await startServer()
    const folder = newFolder()
    const taken = join(folder, 'taken')
    writeFileSync(taken, 'text')
    await expect(backUp(server.path, taken)).rejects.toThrow(/taken: EEXIST$/)
    expect(readFileSync(taken, 'utf8')).toBe('text')
    await expect(backUp(server.path, join(folder, 'no', 'copy'))).rejects.toThrow(StartRefused)
  })
})

describe('store for reads', () => {
  it('refuses every write', async () => {
    const server = await startServer()
    const { store, pendingMigrations } = openToRead(server.path)
    expect(pendingMigrations).toEqual([])
    expect(await store.listKeys()).toEqual(await server.store.listKeys())
    const workspace = { id: 'new', name: 'New', ref: 'ref' }
    await expect(store.createWorkspace(workspace, START_SECONDS)).rejects.toThrow(Unavailable)
    await store.close()
  })
})

describe('rehearsal', () => {
  const workspace = { id: 'new', name: 'New', ref: 'ref' }
  const ids = async (store: Store) => (await store.listWorkspaces()).map(({ id }) => id)

  it('sees its own changes, which no other connection does, and leaves none', async () => {
    const server = await startServer()
    const found = await rehearse(server.path, {
      async steps(store, before) {
        expect(before()).toBeNull()
        await store.createWorkspace(workspace, START_SECONDS)
        expect(await server.store.findWorkspace('new')).toBeNull()
        return await ids(store)
      },
      conclude: async (own, before) => [own, before && (await ids(before))],
    })
    expect(found).toEqual([['default', 'new'], ['default']])
    expect(await server.store.findWorkspace('new')).toBeNull()
  })

  it('leaves nothing after an error, and keeps the error', async () => {
    const server = await startServer()
    const failing = rehearse(server.path, {
      async steps(store) {
        await store.createWorkspace(workspace, START_SECONDS)
        await store.createWorkspace(workspace, START_SECONDS)
      },
      conclude: async () => {},
    })
    await expect(failing).rejects.toThrow(OperationRefused)
    expect(await server.store.findWorkspace('new')).toBeNull()
    await server.store.createWorkspace(workspace, START_SECONDS) // the lock is free again
  })

  it('lets other processes write until its first write, and again when it concludes', async () => {
    const server = await startServer()
    const found = await rehearse(server.path, {
      async steps(store) {
        expect(await ids(store)).toEqual(['default'])
        await server.store.createWorkspace(workspace, START_SECONDS)
        await store.createWorkspace({ ...workspace, id: 'rehearsed', ref: 'b' }, START_SECONDS)
      },
      async conclude(_, before) {
        await server.store.createWorkspace({ ...workspace, id: 'newer', ref: 'c' }, START_SECONDS)
        return before && (await ids(before))
      },
    })
    expect(found).toEqual(['default', 'new'])
  })
})
