// Values that are at hand, or that a promise brings. A promise costs as much as half of the checks of a remembered token.

export type Eventual<T> = T | Promise<T>

/**
 * True for a promise of any class: a program may have replaced the global `Promise`, and async
 * functions return the runtime's own. A promise that is taken for a value would skip its check.
 */
export const isPromise = <T>(value: Eventual<T>): value is Promise<T> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function'

/** Calls `next` with the value: at once where it is at hand, so that it can throw at once, too. */
export const whenAtHand = <T, U>(
  value: Eventual<T>,
  next: (value: T) => Eventual<U>,
): Eventual<U> => (isPromise(value) ? value.then(next) : next(value))
