// How much of something may be done: so much at once, and so much each second.

export type Allowance = {
  spend(amount: number): void
  /** More was done than may be. */
  isSpent(): boolean
}

type Limits = {
  burst: number
  perSecond: number
  /** Milliseconds that only ever grow. */
  monotonic?: () => number
}

export const createAllowance = ({
  burst,
  perSecond,
  monotonic = () => performance.now(),
}: Limits): Allowance => {
  let left = burst
  let countedAt = monotonic()
  const count = (): number => {
    const now = monotonic()
    left = Math.min(burst, left + ((now - countedAt) / 1000) * perSecond)
    countedAt = now
    return left
  }
  return {
    spend(amount) {
      // Never further below zero than one second makes good: one long page must not count for minutes.
      left = Math.max(count() - amount, -perSecond)
    },
    isSpent: () => count() <= 0,
  }
}
