// Time of each secret's last use. A login only notes it in memory; upkeep writes the notes once a minute.
import { MAX_USED_SECRETS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'

export type LastUsed = Pick<Deps, 'secretUsed'> & {
  /** Writes the notes. @throws Unavailable; the notes are kept then */
  flush(): Promise<void>
}

export const createLastUsed = (deps: Pick<Deps, 'store' | 'clock'>): LastUsed => {
  let used = new Map<string, number>()
  return {
    secretUsed(secretId) {
      if (used.size < MAX_USED_SECRETS || used.has(secretId)) used.set(secretId, nowSeconds(deps))
    },

    async flush() {
      if (used.size === 0) return
      const due = used
      used = new Map()
      try {
        await deps.store.touchSecrets([...due].map(([id, at]) => ({ id, at })))
      } catch (error) {
        used = new Map([...due, ...used])
        throw error
      }
    },
  }
}
