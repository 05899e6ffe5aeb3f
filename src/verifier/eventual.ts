// Values that are at hand, or that a promise brings. A promise costs as much as half of the checks of a remembered token.

export type Eventual<T> = T | Promise<T>

/** Calls `next` with the value: at once where it is at hand, so that it can throw at once, too. */
export const whenAtHand = <T, U>(
  value: Eventual<T>,
  next: (value: T) => Eventual<U>,
): Eventual<U> => (value instanceof Promise ? value.then(next) : next(value))
