// Conflicts with another writer: a step that decides again, and a step that another process has done.
import { describe, expect, it, vi } from 'vitest'
import { MAX_CHANGE_TRIES } from '../../src/constants.ts'
import { Conflict, Unavailable } from '../../src/errors.ts'
import { retryOnConflict, unlessOvertaken } from '../../src/store/conflicts.ts'

const conflict = () => Promise.reject(new Conflict('it has been changed in the meantime'))
const failure = () => Promise.reject(new Unavailable('SQLITE_FULL'))

describe('retryOnConflict', () => {
  it('runs a step again after a conflict, and answers its value', async () => {
    const step = vi.fn(async () => 'written').mockImplementationOnce(conflict)
    expect(await retryOnConflict(step)).toBe('written')
    expect(step).toHaveBeenCalledTimes(2)
  })

  it('throws the conflict of the last try', async () => {
    const step = vi.fn(conflict)
    await expect(retryOnConflict(step)).rejects.toBeInstanceOf(Conflict)
    expect(step).toHaveBeenCalledTimes(MAX_CHANGE_TRIES)
  })

  it('throws any other error after one try', async () => {
    const step = vi.fn(failure)
    await expect(retryOnConflict(step)).rejects.toBeInstanceOf(Unavailable)
    expect(step).toHaveBeenCalledTimes(1)
  })
})

describe('unlessOvertaken', () => {
  it('accepts a conflict, and no other error', async () => {
    await unlessOvertaken(conflict())
    await unlessOvertaken(Promise.resolve('done'))
    await expect(unlessOvertaken(failure())).rejects.toBeInstanceOf(Unavailable)
  })
})
