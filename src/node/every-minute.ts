import { FIRST_UPKEEP_MS, UPKEEP_INTERVAL_MS } from '../constants.ts'
import type { Upkeep } from '../upkeep/upkeep.ts'

/**
 * Runs the upkeep soon after the start, then one minute after each end. Runs do not overlap, and the timer keeps no
 * process alive.
 */
export const startUpkeep = (upkeep: Pick<Upkeep, 'run'>): { stop(): Promise<void> } => {
  let stopped = false
  let running = Promise.resolve()
  let timer: NodeJS.Timeout
  const runIn = (milliseconds: number): void => {
    if (stopped) return
    timer = setTimeout(() => {
      running = upkeep.run().then(() => runIn(UPKEEP_INTERVAL_MS))
    }, milliseconds).unref()
  }
  runIn(FIRST_UPKEEP_MS)
  return {
    /** Runs the upkeep once more, so that counts since the last run are written. */
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
      await upkeep.run()
    },
  }
}
