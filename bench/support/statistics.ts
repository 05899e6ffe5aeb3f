// Statistics of rounds, without I/O.

export const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? NaN

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Median of the ratios of rounds that ran one after the other: other load on the machine affects both of a pair. */
export const pairedRatio = (values: readonly number[], others: readonly number[]): number =>
  median(values.map((value, i) => value / (others[i] ?? NaN)))
