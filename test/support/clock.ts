import type { Store } from '../../src/store/store.ts'

/** Sets the stored clock as if a server had run up to this time, in seconds since the epoch. */
export const live = async (store: Pick<Store, 'findClock' | 'saveClock'>, to: number) => {
  const before = await store.findClock(to)
  const after = { ...before, settledAt: to, tickedAt: to, gap: 0, gapSince: to, toldGap: 0 }
  if (!(await store.saveClock(before, after))) throw new Error('the clock has changed meanwhile')
}
