// Tells the application's hook when something changes: once for each change, never for each token.

/** A change in what a verifier knows. It carries no token. */
export type VerifierEvent =
  /** A request for the list brought nothing that is believed; the one before did. */
  | { readonly type: 'following_failed'; readonly cause: Error }
  /** The list is too old; `age` in seconds, null where there has never been one. */
  | { readonly type: 'stale'; readonly age: number | null; readonly cause: Error | null }
  /** The list is followed again, and is not too old, after `following_failed` or `stale`. */
  | { readonly type: 'recovered' }
  /** The keys could not be fetched; the time before they could. */
  | { readonly type: 'keys_failed'; readonly cause: Error }
  | { readonly type: 'keys_recovered' }
  /** The list revokes a signing key. Not sent for keys that the first list names: these are in `status()`. */
  | { readonly type: 'key_revoked'; readonly kid: string }

export type OnEvent = (event: VerifierEvent) => void | Promise<void>

export type Reporter = {
  listFailed(cause: unknown): void
  /** @param age seconds */
  listStale(age: number | null, cause: unknown): void
  /** All of the list is there, and it is not too old. */
  listGood(): void
  keysFailed(cause: unknown): void
  keysGood(): void
  keyRevoked(kid: string): void
  /** Nothing is told after this. */
  close(): void
}

export const createReporter = (onEvent: OnEvent | undefined): Reporter => {
  const list = { had: false, failing: false, stale: false }
  let keysFailing = false
  let closed = false
  const revoked = new Set<string>()

  const tell = (event: VerifierEvent): void => {
    if (onEvent !== undefined && !closed) call(onEvent, event)
  }

  return {
    listFailed(cause) {
      if (!list.failing) tell({ type: 'following_failed', cause: errorOf(cause) })
      list.failing = true
    },
    listStale(age, cause) {
      const known = cause === null || cause === undefined ? null : errorOf(cause)
      if (!list.stale) tell({ type: 'stale', age, cause: known })
      list.stale = true
    },
    listGood() {
      if (list.failing || list.stale) tell({ type: 'recovered' })
      Object.assign(list, { had: true, failing: false, stale: false })
    },
    keysFailed(cause) {
      if (!keysFailing) tell({ type: 'keys_failed', cause: errorOf(cause) })
      keysFailing = true
    },
    keysGood() {
      if (keysFailing) tell({ type: 'keys_recovered' })
      keysFailing = false
    },
    keyRevoked(kid) {
      if (list.had && !revoked.has(kid)) tell({ type: 'key_revoked', kid })
      revoked.add(kid)
    },
    close() {
      closed = true
    },
  }
}

/** After what is under way, so that a hook finds the verifier as the event says. A hook that fails changes nothing. */
const call = (onEvent: OnEvent, event: VerifierEvent): void =>
  void Promise.resolve()
    .then(() => onEvent(event))
    .catch(() => {})

export const errorOf = (cause: unknown): Error =>
  cause instanceof Error ? cause : new Error('an unknown failure', { cause })

const MAX_CAUSES = 4
const MAX_MESSAGE_LENGTH = 300

/** The messages of an error and its causes. Queries of URLs are left out: some runtimes name the URL that failed. */
export const describe = (error: unknown): string => {
  const messages: string[] = []
  for (let at = error; at instanceof Error && messages.length < MAX_CAUSES; at = at.cause) {
    const { code } = at as { code?: unknown }
    const text = at.message || (typeof code === 'string' ? code : at.name)
    if (!messages.some((message) => message.includes(text))) messages.push(text)
  }
  const all = messages.join(': ').slice(0, MAX_MESSAGE_LENGTH)
  return all.replaceAll(/\?[^\s)'"]+/g, '?…') || 'unknown'
}
