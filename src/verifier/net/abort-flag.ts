// Says that what is under way is to end. An AbortSignal is one; but Workers allow no AbortController outside of a
// request, which is where verifiers are made, and one that a request has made belongs to it.

export type AbortFlag = {
  readonly aborted: boolean
  addEventListener(type: 'abort', call: () => void): void
  removeEventListener(type: 'abort', call: () => void): void
}

export const createAbortFlag = (): AbortFlag & { abort(): void } => {
  const calls = new Set<() => void>()
  let aborted = false
  return {
    get aborted() {
      return aborted
    },
    addEventListener: (_, call) => void calls.add(call),
    removeEventListener: (_, call) => void calls.delete(call),
    abort() {
      aborted = true
      for (const call of Array.from(calls)) call() // a call may remove itself
    },
  }
}
