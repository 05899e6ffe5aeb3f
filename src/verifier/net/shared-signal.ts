// Listeners to AbortSignals of the application. Node reports an 11th listener to one signal as a
// leak, and many waits may share a signal: here each signal has one listener for all waits.

type Shared = { readonly calls: Set<() => void>; readonly listener: () => void }

/** The listener to each signal in use. A listener without calls is removed. */
const sharedListeners = new WeakMap<AbortSignal, Shared>()

const listen = (signal: AbortSignal): Shared => {
  const calls = new Set<() => void>()
  const listener = (): void => {
    for (const call of Array.from(calls)) call() // a call may remove itself
  }
  const shared = { calls, listener }
  sharedListeners.set(signal, shared)
  signal.addEventListener('abort', listener)
  return shared
}

/**
 * Calls a function when the signal is aborted.
 * @param signal not yet aborted
 * @param call a separate function for each wait
 * @returns a function that removes the call
 */
export const onAbort = (signal: AbortSignal, call: () => void): (() => void) => {
  const { calls, listener } = sharedListeners.get(signal) ?? listen(signal)
  calls.add(call)
  return () => {
    if (!calls.delete(call) || calls.size > 0) return
    sharedListeners.delete(signal)
    signal.removeEventListener('abort', listener)
  }
}
