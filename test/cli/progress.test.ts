// Progress of long work: its text, its pace, and silence where there is no terminal.
import { describe, expect, it } from 'vitest'
import { exportAudit, verifyAudit } from '../../src/admin/audit.ts'
import { createProgress, progressText } from '../../src/cli/progress.ts'
import { PROGRESS_DELAY_MS, PROGRESS_INTERVAL_MS } from '../../src/constants.ts'
import { filledTable } from '../audit/table.ts'
import { adminOf } from '../support/admin.ts'

describe('progress', () => {
  it.each([
    [{ done: 450, total: 1_000, seconds: 1 }, '45 %, 450 of 1,000, 450/s, 2 s left'],
    [{ done: 10, total: 100_000, seconds: 10 }, '0 %, 10 of 100,000, 1/s, 1666 min 30 s left'],
    [{ done: 0, total: 10, seconds: 1 }, '0 %, 0 of 10, 0/s'],
    [{ done: 0, total: 0, seconds: 0 }, '100 %, 0 of 0, 0/s'],
    [{ done: 12, total: 10, seconds: 1 }, '100 %, 12 of 10, 12/s, 0 s left'],
  ])('%j is shown as %s', (state, text) => {
    expect(progressText(state)).toBe(text)
  })

  const watch = (isTTY: boolean) => {
    const written: string[] = []
    const clock = { now: 0 }
    const output = { isTTY, write: (text: string) => written.push(text) }
    return { written, clock, progress: createProgress(output, () => clock.now) }
  }

  it('appears after the delay, at most once in an interval, and is erased at the end', () => {
    const { written, clock, progress } = watch(true)
    const showAt = (at: number): number => {
      clock.now = at
      progress.onProgress?.(1, 2)
      return written.length
    }
    expect(showAt(PROGRESS_DELAY_MS - 1)).toBe(0)
    expect(showAt(PROGRESS_DELAY_MS)).toBe(1)
    expect(showAt(PROGRESS_DELAY_MS + PROGRESS_INTERVAL_MS - 1)).toBe(1)
    expect(showAt(PROGRESS_DELAY_MS + PROGRESS_INTERVAL_MS)).toBe(2)
    progress.clear()
    expect(written.at(-1)).toBe('\r\u001b[K')
    progress.clear()
    expect(written).toHaveLength(3)
  })

  it('is silent for short work, and where standard error is no terminal', () => {
    const short = watch(true)
    short.progress.onProgress?.(1, 2)
    short.progress.clear()
    expect(short.written).toEqual([])
    expect(watch(false).progress.onProgress).toBeUndefined()
  })
})

describe('progress of the audit', () => {
  it('counts the rows of a check and of an export, up to all of them', async () => {
    const { server } = await filledTable()
    const seen: [done: number, total: number][] = []
    const call = {
      ...adminOf(server),
      onProgress: (done: number, total: number) => seen.push([done, total]),
    }
    await verifyAudit(call)
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.every(([done, total]) => done <= total && total === 13)).toBe(true)
    expect(seen.at(-1)?.[0]).toBe(11)
    seen.length = 0
    for await (const row of (await exportAudit(call)).rows) expect(row.seq).toBe(seen.at(-1)?.[0])
    expect(seen).toHaveLength(13)
    expect(seen.at(-1)).toEqual([13, 13])
  })
})
