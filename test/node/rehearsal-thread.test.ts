// The thread of a dry run: its end rolls back and frees the write lock, whatever ends it. A script that holds the lock
// stands in for the thread.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { SHELL } from '../../src/admin/authority.ts'
import type { Order } from '../../src/admin/rehearsal.ts'
import {
  AlreadyExists,
  AnswerEnded,
  Conflict,
  OperationRefused,
  Unavailable,
} from '../../src/errors.ts'
import { createBoundedRehearse } from '../../src/node/rehearsal/bounds.ts'
import { receivedError, sentError } from '../../src/node/rehearsal/messages.ts'
import { createThreadRun } from '../../src/node/rehearsal/thread-client.ts'
import { createWrites } from '../../src/node/quota.ts'
import { KEK } from '../support/keys.ts'
import { type TestServer, startServer } from '../support/server.ts'

const DRIVER = pathToFileURL(createRequire(import.meta.url).resolve('better-sqlite3')).href

/** Takes the lock, writes a row, and keeps both for ever. The message comes first: a locked file shows that it was sent. */
const HOLDING = `
import { parentPort, workerData } from 'node:worker_threads'
import BetterSqlite3 from '${DRIVER}'
const client = new BetterSqlite3(workerData.config.databasePath)
parentPort.postMessage({ isHeld: true })
client.exec('begin immediate')
client.exec("update workspaces set name = 'rehearsed'")
globalThis.kept = client
setInterval(() => {}, 1_000)
`

const order: Order = {
  action: 'workspace.suspend',
  input: {},
  as: { actor: 'test' },
  authority: SHELL,
  ifMatch: null,
  at: 0,
}

let server: TestServer
let holding: URL
beforeAll(async () => {
  server = await startServer()
  const path = join(dirname(server.path), 'holding.mjs')
  writeFileSync(path, HOLDING)
  holding = pathToFileURL(path)
})

const runOf = (script: URL, limits: { totalMs: number; lockMs: number }) =>
  createThreadRun({
    config: {
      databasePath: server.path,
      keysDirectory: dirname(server.path),
      kek: KEK,
      kekFile: null,
      issuer: 'https://auth.example',
      tokenTtlSeconds: 900,
      algorithms: ['RS256'],
      keyRotationSeconds: null,
      workers: 1,
    },
    log: server.deps.log,
    script,
    limits,
  })

/** Writes at once, or throws SQLITE_BUSY. */
const writeElsewhere = (): void => {
  const other = new BetterSqlite3(server.path, { timeout: 0 })
  try {
    other.exec("update workspaces set name = 'free' where name <> 'free'")
  } finally {
    other.close()
  }
}
const names = () => server.query('select name from workspaces').map(({ name }) => name)

const LONG = 60_000

describe('thread of a dry run', () => {
  it('frees the lock and leaves no change when the client has closed the connection', async () => {
    const ending = new AbortController()
    const held: number[] = []
    const run = runOf(holding, { totalMs: LONG, lockMs: LONG })
    const outcome = run(order, { signal: ending.signal, onHeld: (ms) => held.push(ms) })
    const isLocked = async (): Promise<boolean> => {
      try {
        writeElsewhere()
        return false
      } catch (error) {
        return (error as { code?: string }).code === 'SQLITE_BUSY'
      }
    }
    while (!(await isLocked())) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 20)) // the message arrives
    ending.abort()
    await expect(outcome).rejects.toThrow(AnswerEnded)
    writeElsewhere()
    expect(names()).not.toContain('rehearsed')
    expect(held).toHaveLength(1)
    await expect(run(order, { signal: ending.signal, onHeld: () => {} })).rejects.toThrow(
      AnswerEnded,
    )
  })

  it.each([
    ['the write lock', { totalMs: LONG, lockMs: 20 }, 'DRY_RUN_LOCK'],
    ['all of it', { totalMs: 300, lockMs: LONG }, 'DRY_RUN_TIMEOUT'],
  ])('ends at the limit for %s, and frees the lock', async (_, limits, code) => {
    const error = await runOf(holding, limits)(order, { onHeld: () => {} }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(Unavailable)
    expect((error as Unavailable).driverCode).toBe(code)
    writeElsewhere()
    expect(names()).not.toContain('rehearsed')
  })

  it('thread that ends by itself is a failure', async () => {
    const path = join(dirname(server.path), 'ended.mjs')
    writeFileSync(path, '')
    const ended = runOf(pathToFileURL(path), { totalMs: LONG, lockMs: LONG })
    await expect(ended(order, { onHeld: () => {} })).rejects.toThrow(/DRY_RUN_THREAD/)
  })
})

describe('errors of a dry run', () => {
  it.each([
    new OperationRefused('invalid_value', 'a: b', [{ field: 'a', detail: 'b' }]),
    new AlreadyExists({ noun: 'plugin', id: 'a', name: 'A', deleted: false }),
    new Conflict('it was changed'),
    new Unavailable('SQLITE_BUSY'),
  ])('arrive as they were thrown (%#)', (error) => {
    expect(receivedError(structuredClone(sentError(error)))).toEqual(error)
  })

  it('keep name and stack of an unknown one', () => {
    const error = new TypeError('x is no function')
    expect(receivedError(sentError(error))).toMatchObject({ name: 'TypeError', stack: error.stack })
  })
})

describe('bounds on dry runs', () => {
  const done = { answer: {}, effects: {} as never }
  const code = (error: unknown) => (error as OperationRefused).code

  it('refuse a second one at a time, and accept one after the first has ended', async () => {
    let end = (): void => {}
    const waiting = new Promise<void>((resolve) => (end = resolve))
    const rehearse = createBoundedRehearse({
      run: async () => {
        await waiting
        return done
      },
      writes: createWrites(),
    })
    const first = rehearse(order)
    const second = await rehearse(order).catch((error: unknown) => error)
    expect(second).toMatchObject({ code: 'dry_runs_exceeded', waitSeconds: 1 })
    end()
    await first
    expect(await rehearse(order)).toBe(done)
  })

  it('leave the dry runs of unbound administrators to them', async () => {
    const bound = { ...order, authority: { ...order.authority, workspaceId: 'acme' } }
    const unbound = { ...order, authority: { ...order.authority, workspaceId: null } }
    const never = new Promise<never>(() => {})
    const writes = createWrites()
    const rehearse = createBoundedRehearse({
      run: async ({ authority }, { onHeld }) => {
        onHeld(authority.workspaceId === null ? 1 : 5_000)
        return authority.workspaceId === 'stalled' ? await never : done
      },
      writes,
    })
    void rehearse({ ...bound, authority: { ...bound.authority, workspaceId: 'stalled' } })
    expect(await rehearse(bound).catch(code)).toBe('dry_runs_exceeded')
    expect(await rehearse(unbound)).toBe(done)
    const another = createBoundedRehearse({ run: async () => done, writes })
    const exhausted = createBoundedRehearse({
      run: async (_, { onHeld }) => {
        onHeld(5_000)
        return done
      },
      writes,
    })
    await exhausted(bound)
    expect(await another(bound).catch(code)).toBe('dry_runs_exceeded')
    expect(await another(unbound)).toBe(done)
  })

  it('count a dry run whose lock they have not seen', async () => {
    const costs: number[] = []
    const rehearse = createBoundedRehearse({
      run: async () => done,
      writes: async (_, __, cost) => {
        costs.push(cost)
        return 0
      },
    })
    await rehearse(order)
    expect(costs).toEqual([0, 50])
  })

  it('refuse more than three seconds of the write lock within a minute', async () => {
    let runs = 0
    const writes = createWrites()
    const rehearse = createBoundedRehearse({
      run: async (_, { onHeld }) => {
        runs += 1
        onHeld(1_400)
        if (runs === 1) throw new Unavailable('DRY_RUN_LOCK') // a failure counts, too
        return done
      },
      writes,
    })
    const codes: unknown[] = []
    for (let i = 0; i < 10; i++) {
      codes.push(await rehearse(order).then(() => 'done', code))
    }
    expect(codes.filter((one) => one === 'done')).toHaveLength(2)
    expect(codes.slice(-4)).toEqual(Array.from({ length: 4 }, () => 'dry_runs_exceeded'))
    // Another process of the server has the same count.
    const other = createBoundedRehearse({ run: async () => done, writes })
    const refused = await other(order).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'dry_runs_exceeded' })
    expect((refused as { waitSeconds: number }).waitSeconds).toBeGreaterThan(1)
  })
})
