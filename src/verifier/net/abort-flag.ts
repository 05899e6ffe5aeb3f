// A flag that ends work under way, as an AbortSignal does. Workers allow no AbortController outside
// a request, where verifiers are created, and a controller that a request creates belongs to that
// request.

export type AbortFlag = {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export const createAbortFlag = (): AbortFlag & { abort(): void } => {
  const listeners = new Set<() => void>()
  let aborted = false
  return {
    get aborted() {
      return aborted
    },
    addEventListener: (_, listener) => void listeners.add(listener),
    removeEventListener: (_, listener) => void listeners.delete(listener),
    abort() {
      aborted = true
      for (const listener of Array.from(listeners)) listener() // a listener may remove itself
    },
  }
}
