// Waiting for the next rule, whichever process makes it.
import { LONELY_MAX_WAIT_MS, MAX_WAITERS, WATCH_INTERVAL_MS } from '../constants.ts'
import type { RevocationHead, Store } from '../store/store.ts'

export type RevocationWatch = {
  /**
   * Settles once there is a newer rule than `known`, the time is over, or nobody waits any more.
   * Never rejects: where the store does not answer, whoever asks next finds out.
   * @param ms milliseconds
   */
  changed(known: RevocationHead, ms: number, signal: AbortSignal): Promise<void>
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

/** One look at the store for all who wait, a few times a second, and none while nobody does. */
export const createWatch = ({ store }: { store: Head }): RevocationWatch => {
  const waiters = new Set<Waiter>()
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

  return {
    changed: (known, ms, signal) =>
      new Promise((resolve) => {
        if (closed || signal.aborted || waiters.size >= MAX_WAITERS) return resolve()
        const release = (): void => {
          clearTimeout(limit)
          signal.removeEventListener('abort', release)
          waiters.delete(waiter)
          resolve()
        }
        const waiter = { known, release }
        const limit = setTimeout(release, ms)
        signal.addEventListener('abort', release)
        waiters.add(waiter)
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
    async changed(known, ms, signal) {
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
