// Every limit of the verifier, with its unit in the name.

/** Names this package in requests to the issuer, so that its operator can tell followers from other clients. */
export const USER_AGENT = 'latchkey-verifier/0.1.0'

/** Longest token that is looked at, in bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024
/** Longest life of a token, `exp` − `iat`, in seconds. */
export const MAX_LIFETIME_SECONDS = 24 * 60 * 60
/** Deepest nesting of a header or payload: claims of ours need four. */
export const MAX_JSON_DEPTH = 32

export const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5
export const MAX_CLOCK_TOLERANCE_SECONDS = 60

/** How many verified tokens are remembered. At about 2 KiB each, 20 MB. */
export const DEFAULT_MAX_REMEMBERED = 10_000

/** A JWK Set is at most this long, in bytes, and has at most this many keys. */
export const MAX_JWKS_BYTES = 256 * 1024
export const MAX_JWKS_KEYS = 100
/** Shortest modulus of an RSA key, in bits (RFC 7518 §3.3, §3.5). */
export const MIN_RSA_BITS = 2048
/** Longest modulus of an RSA key, in bits: what OpenSSL takes. */
export const MAX_RSA_BITS = 16_384
/** Bounds of an RSA exponent: 65537 is the smallest that FIPS 186-5 allows, 33 bits are what BoringSSL takes. */
export const MIN_RSA_EXPONENT = 65_537n
export const MAX_RSA_EXPONENT = 2n ** 33n - 1n
/** One fetch of the keys may take this long, body included, in milliseconds. */
export const FETCH_TIMEOUT_MS = 5_000
/** A fetch that has said nothing for so long never will, in milliseconds. */
export const ATTEMPT_LIMIT_MS = 6_000
/** How long a revocation source may take to answer, in milliseconds. */
export const REVOCATION_TIMEOUT_MS = 5_000
/** How long keys are good where the answer does not say, and the bounds of what it may say, in seconds. */
export const DEFAULT_KEYS_MAX_AGE_SECONDS = 5 * 60
export const MIN_KEYS_MAX_AGE_SECONDS = 10
export const MAX_KEYS_MAX_AGE_SECONDS = 24 * 60 * 60
/** How long before the keys are too old they are fetched again, as a part of their age. */
export const REFRESH_AHEAD = 0.2
/** How long keys are still used when they cannot be fetched again, in seconds after they were too old. */
export const DEFAULT_KEYS_MAX_STALE_SECONDS = 24 * 60 * 60
/** Wait after a failed fetch: doubles from the first to the last of these, in milliseconds. */
export const MIN_BACK_OFF_MS = 1_000
export const MAX_BACK_OFF_MS = 60_000
/** An unknown `kid` is a reason to fetch once; it is then known to be unknown for so long, in milliseconds. */
export const UNKNOWN_KID_MS = 10_000
export const MAX_UNKNOWN_KIDS = 100
/** Unknown kids together are a reason to fetch once in so long, in milliseconds. */
export const UNKNOWN_KID_FETCH_MS = 5_000

/** How old the revocation list may be, in seconds, and the bounds: a quiet issuer answers twice a minute. */
export const DEFAULT_MAX_STALENESS_SECONDS = 5 * 60
export const MIN_MAX_STALENESS_SECONDS = 60
export const MAX_MAX_STALENESS_SECONDS = 24 * 60 * 60
/** The algorithm that signs the revocation list, whatever tokens are signed with. */
export const LIST_ALGORITHM = 'RS256'
/** A page of the list is at most this long, in bytes, and has at most this many entries: twice what is sent. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024
export const MAX_LIST_ENTRIES = 10_000
/** Longest header of a list, in characters. */
export const MAX_LIST_HEADER_LENGTH = 1024
/** How far ahead of the issuer's estimated time a list may be signed, in seconds. */
export const MAX_LIST_AHEAD_SECONDS = 60
/** A list that shows an offset worse than the best known by more than this was late, in seconds. */
export const LATE_SECONDS = 2
/** So many in a row over so many seconds, and none that was not: then the issuer's clock was set back. */
export const LATE_ANSWERS = 3
export const LATE_PERIOD_SECONDS = 60
/** Rules are kept for so long after their tokens have expired: the largest tolerance, in seconds. */
export const RULE_KEPT_SECONDS = MAX_CLOCK_TOLERANCE_SECONDS
/** How long the issuer is asked to hold its answer until there is news, in seconds. */
export const LONG_POLL_SECONDS = 25
/** One request for the list may take this long, body included, in milliseconds: held, or answered at once. */
export const LONG_POLL_TIMEOUT_MS = 30_000
export const LIST_TIMEOUT_MS = 10_000
/** What is known must be good for so long where an answer is held, in seconds: that request, and one after it. */
export const HOLD_ROOM_SECONDS = (LONG_POLL_TIMEOUT_MS + LIST_TIMEOUT_MS) / 1000
/** A connection that is not made in this time, in milliseconds, is not waited for. */
export const CONNECT_TIMEOUT_MS = 5_000
/** An answer without news that comes sooner than this was not held; the next request then waits as long. */
export const QUICK_ANSWER_MS = 1_000
/** Wait after a failed request for the list: doubles from the first to the last of these, in milliseconds. */
export const MIN_LIST_BACK_OFF_MS = 200
export const MAX_LIST_BACK_OFF_MS = 5_000
/** For so long the wait is no more than this, so that after a restart rules arrive within a second. */
export const SHORT_OUTAGE_MS = 60_000
export const SHORT_OUTAGE_BACK_OFF_MS = 700
/** Wall clock and monotonic clock run apart by more than this, in milliseconds: perhaps this machine has slept. */
export const CLOCKS_APART_MS = 5_000
/** How long tokens wait then for what the issuer says now, and how soon it is asked anew, in milliseconds. */
export const WOKEN_WAIT_MS = 2_000
export const WOKEN_AGAIN_MS = 1_000
/** How long a token waits for the first list, or on use for one that comes page by page, in milliseconds. */
export const LIST_WAIT_MS = 5_000
/** How long tokens wait for a newer list once theirs is too old, in milliseconds: once for each outage. */
export const STALE_WAIT_MS = 2_000
/** On use, the token that asks again in an outage waits for so long, in milliseconds: the issuer may be back. */
export const PROBE_WAIT_MS = 250
/** An outage without tokens for so long, in milliseconds, is waited for anew: the process may have been frozen. */
export const PATIENCE_AGAIN_MS = 60_000
/** A request that has been under way for so long, in milliseconds, is begun anew for a token that waits. */
export const REQUEST_GIVEN_UP_MS = 2_000
/** On use: a list this new is used as it is; up to the second it is used while a newer one is fetched. */
export const FRESH_LIST_MS = 1_000
export const USABLE_LIST_MS = 5_000
/** On use: one catch-up may have this many pages, two million rules, and take this long, in milliseconds. */
export const MAX_CATCH_UP_PAGES = 400
export const CATCH_UP_MS = 20_000
/** On use: another request's refresh that nothing is heard of for so long is given up, and how often that is looked at. */
export const OTHERS_REFRESH_MS = 1_000
export const OTHERS_REFRESH_STEP_MS = 25
/** How long a list is kept in the platform's cache, in seconds: as long as its signature is good. */
export const CACHED_LIST_SECONDS = 120
/** How long `ready` waits, in milliseconds, the longest that it may be told to, and how soon it asks again. */
export const READY_TIMEOUT_MS = 10_000
export const MAX_READY_TIMEOUT_MS = 24 * 60 * 60 * 1_000
export const READY_STEP_MS = 250
/**
 * The query parameter of a renewal, with a new value each time: a shared cache that ignores `no-cache` of a request
 * has no answer for it.
 */
export const RENEWAL_PARAMETER = 'renew'
/** For what the list says, keys are fetched past all caches at most once in so long, in milliseconds. */
export const RENEW_KEYS_MS = 1_000
/** Expired rules are looked for in so many slots of the table at a time; of other rules in so many once in so long. */
export const SWEPT_SLOTS = 65_536
export const SWEPT_RULES = 10_000
export const SWEEP_SECONDS = 60
