// Waiting for the next rule, whichever process makes it.
import {
  LONELY_MAX_WAIT_MS,
  MAX_WAITERS,
  MAX_WAITERS_PER_ADDRESS,
  WATCH_INTERVAL_MS,
} from '../constants.ts'
import type { RevocationHead, Store } from '../store/store.ts'

/** The request that waits. */
export type Asker = {
  /** Aborted once the asker is gone. */
  signal: AbortSignal
  /** Aborted once the asker has sent a further request on the same connection. */
  followed?: AbortSignal | undefined
  /** Undefined where it is not known: then no limit per address applies. */
  address?: string | undefined
}

export type RevocationWatch = {
  /**
   * Settles once there is a newer rule than `known`, the time is over, or the asker waits no more; at once where
   * too many wait already. Never rejects: where the store does not answer, the next request finds out.
   * @param ms milliseconds
   */
  changed(known: RevocationHead, ms: number, asker: Asker): Promise<void>
  /** Lets all go that wait, and from now on nobody wait. */
  close(): void
  /** How many wait now. */
  readonly waiting: number
}

type Head = Pick<Store, 'findRevocationHead'>

/** What was read earlier than `known` is no news. */
const isNews = (head: RevocationHead, known: RevocationHead): boolean =>
  head.seq > known.seq || head.epoch !== known.epoch

type Waiter = { known: RevocationHead; release: () => void }

/** How many requests of each address wait. */
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

/** One look at the store for all who wait, a few times a second, and none while nobody does. */
export const createWatch = ({ store }: { store: Head }): RevocationWatch => {
  const waiters = new Set<Waiter>()
  const tally = createTally()
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false

  const look = async (): Promise<void> => {
    const head = await store.findRevocationHead().catch(() => null)
    for (const { known, release } of waiters) if (head === null || isNews(head, known)) release()
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
    changed: (known, ms, { signal, followed, address }) =>
      new Promise((resolve) => {
        const signals = followed === undefined ? [signal] : [signal, followed]
        if (!mayWait(signals, address)) return resolve()
        const release = (): void => {
          clearTimeout(limit)
          for (const one of signals) one.removeEventListener('abort', release)
          if (waiters.delete(waiter)) tally.add(address, -1)
          resolve()
        }
        const waiter = { known, release }
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
 * For Workers, where no request may wait for what another one has begun: each looks for itself, unless another
 * one has just looked.
 */
export const createLonelyWatch = ({
  store,
  intervalMs,
}: {
  store: Head
  /** Milliseconds between two looks, however many wait. */
  intervalMs: number
}): RevocationWatch => {
  let lookedAt = -Infinity
  /** Null: the store did not answer. */
  let head: RevocationHead | null = null

  const look = async (known: RevocationHead): Promise<RevocationHead | null> => {
    if (performance.now() - lookedAt < intervalMs) return head ?? known
    lookedAt = performance.now()
    head = await store.findRevocationHead().catch(() => null)
    return head
  }

  return {
    async changed(known, ms, { signal }) {
      const deadline = performance.now() + Math.min(ms, LONELY_MAX_WAIT_MS)
      while (performance.now() < deadline && !signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, intervalMs / 2))
        const current = await look(known)
        if (current === null || isNews(current, known)) return
      }
    },
    close() {},
    waiting: 0,
  }
}
