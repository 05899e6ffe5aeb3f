// Listens to AbortSignals of the program. Many waits may share one of them, and Node takes the 11th listener of
// a signal for a leak: here each signal has one listener for all waits.

type Listener = { readonly calls: Set<() => void>; readonly hear: () => void }

/** For each signal that somebody waits with; a listener without calls is removed. */
const listeners = new WeakMap<AbortSignal, Listener>()

const listen = (signal: AbortSignal): Listener => {
  const calls = new Set<() => void>()
  const hear = (): void => {
    for (const call of Array.from(calls)) call() // a call may remove itself
  }
  const listener = { calls, hear }
  listeners.set(signal, listener)
  signal.addEventListener('abort', hear)
  return listener
}

/**
 * Calls when the signal is aborted.
 * @param signal not yet aborted
 * @param call a function of its own for each wait
 * @returns what calls it off
 */
export const onAbort = (signal: AbortSignal, call: () => void): (() => void) => {
  const { calls, hear } = listeners.get(signal) ?? listen(signal)
  calls.add(call)
  return () => {
    if (!calls.delete(call) || calls.size > 0) return
    listeners.delete(signal)
    signal.removeEventListener('abort', hear)
  }
}
