// Reports changes to the application's hook: once for each change, not for each token.

/** A change in the state of a verifier. It carries no token. */
export type VerifierEvent =
  /** A request for the list brought no accepted list, after one that did. */
  | { readonly type: 'following_failed'; readonly cause: Error }
  /** The list is stale; `age` in seconds, null before the first list. */
  | { readonly type: 'stale'; readonly age: number | null; readonly cause: Error | null }
  /** The list is followed again and is not stale, after `following_failed` or `stale`. */
  | { readonly type: 'recovered' }
  /** The keys could not be fetched, after a time when they could. */
  | { readonly type: 'keys_failed'; readonly cause: Error }
  /** The keys were fetched again, after `keys_failed`. */
  | { readonly type: 'keys_recovered' }
  /**
   * The list revokes a signing key. Keys in the first list cause no event; they are in `status()`.
   */
  | { readonly type: 'key_revoked'; readonly kid: string }

/**
 * The hook of the application. An error of the hook is ignored.
 * @example
 * const onEvent: OnEvent = (event) => console.warn(event.type, 'cause' in event ? event.cause : '')
 */
export type OnEvent = (event: VerifierEvent) => void | Promise<void>

export type Reporter = {
  listFailed(cause: unknown): void
  /** @param age seconds */
  listStale(age: number | null, cause: unknown): void
  /** The list is complete and not stale. */
  listGood(): void
  keysFailed(cause: unknown): void
  keysGood(): void
  keyRevoked(kid: string): void
  /** Ends reporting. */
  close(): void
}

export const createReporter = (onEvent: OnEvent | undefined): Reporter => {
  const list = { hasArrived: false, failing: false, stale: false }
  let keysFailing = false
  let closed = false
  const revoked = new Set<string>()

  const report = (event: VerifierEvent): void => {
    if (onEvent !== undefined && !closed) callLater(onEvent, event)
  }

  return {
    listFailed(cause) {
      if (!list.failing) report({ type: 'following_failed', cause: errorOf(cause) })
      list.failing = true
    },
    listStale(age, cause) {
      const error = cause === null || cause === undefined ? null : errorOf(cause)
      if (!list.stale) report({ type: 'stale', age, cause: error })
      list.stale = true
    },
    listGood() {
      if (list.failing || list.stale) report({ type: 'recovered' })
      Object.assign(list, { hasArrived: true, failing: false, stale: false })
    },
    keysFailed(cause) {
      if (!keysFailing) report({ type: 'keys_failed', cause: errorOf(cause) })
      keysFailing = true
    },
    keysGood() {
      if (keysFailing) report({ type: 'keys_recovered' })
      keysFailing = false
    },
    keyRevoked(kid) {
      if (list.hasArrived && !revoked.has(kid)) report({ type: 'key_revoked', kid })
      revoked.add(kid)
    },
    close() {
      closed = true
    },
  }
}

/** Calls the hook after the current step, so that the verifier's state matches the event. */
const callLater = (onEvent: OnEvent, event: VerifierEvent): void =>
  void Promise.resolve()
    .then(() => onEvent(event))
    .catch(() => {})

export const errorOf = (cause: unknown): Error =>
  cause instanceof Error ? cause : new Error('an unknown failure', { cause })

const MAX_CAUSES = 4
const MAX_MESSAGE_CHARS = 300

/**
 * The messages of an error and its causes. Queries of URLs are removed: some runtimes name the URL
 * that failed.
 */
export const describe = (error: unknown): string => {
  const messages: string[] = []
  for (let at = error; at instanceof Error && messages.length < MAX_CAUSES; at = at.cause) {
    const { code } = at as { code?: unknown }
    const text = at.message || (typeof code === 'string' ? code : at.name)
    if (!messages.some((message) => message.includes(text))) messages.push(text)
  }
  const all = messages.join(': ').slice(0, MAX_MESSAGE_CHARS)
  return all.replaceAll(/\?[^\s)'"]+/g, '?…') || 'unknown'
}
