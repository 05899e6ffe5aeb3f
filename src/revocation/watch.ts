// Waits for the next rule, whichever process writes it.
import {
  LONELY_MAX_WAIT_MS,
  MAX_WAITERS,
  MAX_WAITERS_PER_ADDRESS,
  WATCH_INTERVAL_MS,
} from '../constants.ts'
import type { RevocationHead, Store } from '../store/store.ts'

/** A request that waits. */
export type Asker = {
  /** Aborted once the client is gone. */
  signal: AbortSignal
  /** Aborted once the client has sent a further request on the same connection. */
  followed?: AbortSignal | undefined
  /** The client's address; undefined where the platform does not tell it: then no limit per address applies. */
  address?: string | undefined
}

export type RevocationWatch = {
  /**
   * Settles once a rule is newer than `seen`, the time is over, or the client is gone. Settles at once where too many
   * requests wait. Does not reject: where the store does not answer, the next request reports it.
   * @param ms milliseconds
   */
  changed(seen: RevocationHead, ms: number, asker: Asker): Promise<void>
  /** Releases all requests that wait. From now on none may wait. */
  close(): void
  /** Number of requests that wait now. */
  readonly waiting: number
}

type Head = Pick<Store, 'findRevocationHead'>

/** True for a head with rules that the client has not seen. A head that was read earlier has none. */
const isNews = (head: RevocationHead, seen: RevocationHead): boolean =>
  head.seq > seen.seq || head.epoch !== seen.epoch

type Waiter = { seen: RevocationHead; release: () => void }

/** Counts the waiting requests of each address. */
const createTally = () => {
  const counts = new Map<string, number>()
  const count = (address: string): number => counts.get(address) ?? 0
  return {
    isFull: (address = '') => address !== '' && count(address) >= MAX_WAITERS_PER_ADDRESS,
    /** @param step 1 or -1 */
    add(address: string | undefined, step: number): void {
      if (address === undefined) return
      const sum = count(address) + step
      if (sum > 0) counts.set(address, sum)
      else counts.delete(address)
    },
  }
}

/** Reads the store once for all waiting requests, every WATCH_INTERVAL_MS, and not while none waits. */
export const createWatch = ({ store }: { store: Head }): RevocationWatch => {
  const waiters = new Set<Waiter>()
  const tally = createTally()
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false

  const look = async (): Promise<void> => {
    const head = await store.findRevocationHead().catch(() => null)
    for (const { seen, release } of waiters) if (head === null || isNews(head, seen)) release()
    timer = undefined
    lookSoon()
  }
  const lookSoon = (): void => {
    if (timer === undefined && waiters.size > 0)
      timer = setTimeout(() => void look(), WATCH_INTERVAL_MS)
  }
  const mayWait = (signals: readonly AbortSignal[], address: string | undefined): boolean =>
    !closed &&
    !signals.some(({ aborted }) => aborted) &&
    waiters.size < MAX_WAITERS &&
    !tally.isFull(address)

  return {
    changed: (seen, ms, { signal, followed, address }) =>
      new Promise((resolve) => {
        const signals = followed === undefined ? [signal] : [signal, followed]
        if (!mayWait(signals, address)) return resolve()
        const release = (): void => {
          clearTimeout(limit)
          for (const one of signals) one.removeEventListener('abort', release)
          if (waiters.delete(waiter)) tally.add(address, -1)
          resolve()
        }
        const waiter = { seen, release }
        const limit = setTimeout(release, ms)
        for (const one of signals) one.addEventListener('abort', release)
        waiters.add(waiter)
        tally.add(address, 1)
        lookSoon()
      }),
    close() {
      closed = true
      clearTimeout(timer)
      for (const { release } of waiters) release()
    },
    get waiting() {
      return waiters.size
    },
  }
}

/**
 * A watch for Workers, where no request may wait for work of another request. Each reads the store itself, unless
 * another one has read it within the interval.
 */
export const createLonelyWatch = ({
  store,
  intervalMs,
}: {
  store: Head
  /** Milliseconds between two reads, which all waiting requests share. */
  intervalMs: number
}): RevocationWatch => {
  let lookedAt = -Infinity
  /** Null: the store did not answer. */
  let head: RevocationHead | null = null

  const look = async (seen: RevocationHead): Promise<RevocationHead | null> => {
    if (performance.now() - lookedAt < intervalMs) return head ?? seen
    lookedAt = performance.now()
    head = await store.findRevocationHead().catch(() => null)
    return head
  }

  return {
    async changed(seen, ms, { signal }) {
      const deadline = performance.now() + Math.min(ms, LONELY_MAX_WAIT_MS)
      while (performance.now() < deadline && !signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, intervalMs / 2))
        const current = await look(seen)
        if (current === null || isNews(current, seen)) return
      }
    },
    close() {},
    waiting: 0,
  }
}
