import { FIRST_UPKEEP_MS, UPKEEP_INTERVAL_MS } from '../constants.ts'
import type { Upkeep } from '../upkeep/upkeep.ts'

/** Runs it soon, then a minute after each end, never twice at a time, and keeps no process alive for it. */
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
    /** Runs it once more: what has been counted since is not lost. */
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
      await upkeep.run()
    },
  }
}
