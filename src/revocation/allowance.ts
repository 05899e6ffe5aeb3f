// A budget for work: a burst, and an amount for each second.

export type Allowance = {
  spend(amount: number): void
  /** True while the work done exceeds the budget. */
  isSpent(): boolean
}

type Limits = {
  burst: number
  perSecond: number
  /** Milliseconds that only grow. */
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
      // The budget stays above minus the amount of one second: one long page must not block others for minutes.
      left = Math.max(count() - amount, -perSecond)
    },
    isSpent: () => count() <= 0,
  }
}
