// Entries in memory while the ledger file cannot be written: their number is bounded, and the log
// names the loss once a minute.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LEDGER_COMPLAINT_MS, LEDGER_FLUSH_MS, MAX_LEDGER_ENTRIES } from '../src/constants.ts'
import { Unavailable } from '../src/errors.ts'
import type { LedgerEntry } from '../src/store/ledger.ts'
import type { LedgerWriter } from '../src/node/ledger/writer.ts'
import { createLedger } from '../src/node/ledger/queue.ts'

const entry = (number: number): LedgerEntry => ({
  jti: `jti-${number}`,
  clientId: 'c',
  workspaceId: null,
  audience: 'a',
  runs: [],
  issuedAt: 1,
  expiresAt: 2,
})

const FULL = new Unavailable('SQLITE_FULL')

const setUp = () => {
  const written: string[] = []
  const lines: unknown[] = []
  const state = { full: false, batches: 0 }
  const writer: LedgerWriter = {
    async add(entries) {
      if (state.full) throw FULL
      state.batches++
      written.push(...entries.map(({ jti }) => jti))
    },
    count: async () => written.length,
    list: async () => [],
    prune: async () => {},
    close: async () => {},
  }
  const say = (fields: Record<string, unknown>, message: string) =>
    void lines.push([message, fields])
  const log = { debug: say, info: say, warn: say, error: say }
  return { ledger: createLedger({ writer, log }), written, lines, state }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('ledger writes entries in one batch in their order after LEDGER_FLUSH_MS', async () => {
  const { ledger, written, state } = setUp()
  for (let i = 0; i < 3; i++) ledger.note(entry(i))
  await vi.advanceTimersByTimeAsync(LEDGER_FLUSH_MS - 1)
  expect(written).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(written).toEqual(['jti-0', 'jti-1', 'jti-2'])
  expect(state.batches).toBe(1)
  // Lets timers end that another file of this worker has begun.
  await vi.advanceTimersByTimeAsync(LEDGER_FLUSH_MS)
  expect(vi.getTimerCount()).toBe(0) // no timer is left
})

it('ledger keeps the newest entries while it cannot write, and logs the loss once a minute', async () => {
  const { ledger, written, lines, state } = setUp()
  state.full = true
  const dropped = 5
  for (let i = 0; i < MAX_LEDGER_ENTRIES + dropped; i++) ledger.note(entry(i))
  await vi.advanceTimersByTimeAsync(LEDGER_COMPLAINT_MS - 5_000)
  await expect(ledger.count({}, 0)).rejects.toBe(FULL) // the count would be wrong
  const reason = 'the database did not answer (SQLITE_FULL)'
  expect(lines).toEqual([['the ledger cannot be written', { reason, dropped }]])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(lines).toHaveLength(2)

  state.full = false
  expect(await ledger.count({}, 0)).toBe(MAX_LEDGER_ENTRIES)
  expect([written[0], written.at(-1)]).toEqual([
    `jti-${dropped}`,
    `jti-${MAX_LEDGER_ENTRIES + dropped - 1}`,
  ])
})

it('ledger loses no entry that comes during a write or before it is closed', async () => {
  const { ledger, written } = setUp()
  ledger.note(entry(0))
  const flushed = ledger.flush()
  ledger.note(entry(1))
  await flushed
  ledger.note(entry(2))
  await ledger.close()
  expect(written).toEqual(['jti-0', 'jti-1', 'jti-2'])
  ledger.note(entry(3))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(written).toHaveLength(3)
  expect(vi.getTimerCount()).toBe(0)
})
