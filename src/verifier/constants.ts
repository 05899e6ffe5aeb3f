// Every limit of the verifier, with its unit and its reason.

/**
 * Names this package in requests to the issuer, so that its operator can tell followers from other
 * clients.
 */
export const USER_AGENT = 'latchkey-verifier/0.1.0'

/** Longest token that is parsed, in bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024
/** Longest lifetime of a token, `exp` − `iat`, in seconds: the issuer drops its rules by it. */
export const MAX_LIFETIME_SECONDS = 24 * 60 * 60
/** Deepest nesting of a JSON text. Claims that the issuer writes need four levels. */
export const MAX_JSON_DEPTH = 32

/** Tolerated difference of clocks, in seconds: more than synchronized machines show. */
export const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5
export const MAX_CLOCK_TOLERANCE_SECONDS = 60

/** Number of verified tokens that are remembered: at about 2 KiB each, 20 MB. */
export const DEFAULT_MAX_REMEMBERED = 10_000

/** Longest text in a reason, in characters: a line of a log. */
export const MAX_REASON_CHARS = 256

/** Largest JWK Set, in bytes and in keys. */
export const MAX_JWKS_BYTES = 256 * 1024
export const MAX_JWKS_KEYS = 100
/** Characters of a signature's end by which a remembered token is found. 32 of base64url are 192 bits. */
export const CACHE_KEY_CHARS = 32
/** Shortest modulus of an RSA key, in bits (RFC 7518 §3.3, §3.5). */
export const MIN_RSA_BITS = 2048
/** Longest modulus of an RSA key, in bits: OpenSSL's limit. */
export const MAX_RSA_BITS = 16_384
/** Longest modulus of a key whose signatures are verified on the thread that serves requests, in bits: 0.1 ms at most. */
export const MAX_RSA_BITS_AT_ONCE = 4_096
/** Range of an RSA exponent: FIPS 186-5 allows 65537 and more, BoringSSL at most 33 bits. */
export const MIN_RSA_EXPONENT = 65_537n
export const MAX_RSA_EXPONENT = 2n ** 33n - 1n
/** Time for one fetch of the keys, body included, in milliseconds. */
export const FETCH_TIMEOUT_MS = 5_000
/**
 * Milliseconds by which a timer may fire before its time: Node.js counts from the start of the turn
 * of the event loop in which it was set.
 */
export const EARLY_TIMER_MS = 100
/**
 * Time after which a silent fetch is abandoned, in milliseconds: on Workers it has ended with its
 * request.
 */
export const ATTEMPT_LIMIT_MS = 6_000
/** Time for an answer of the application's revocation source, in milliseconds. */
export const REVOCATION_TIMEOUT_MS = 5_000
/**
 * Age up to which keys are fresh, in seconds: the default without `max-age`, and the range of
 * `max-age`.
 */
export const DEFAULT_KEYS_MAX_AGE_SECONDS = 5 * 60
export const MIN_KEYS_MAX_AGE_SECONDS = 10
export const MAX_KEYS_MAX_AGE_SECONDS = 24 * 60 * 60
/** Last share of that age in which keys are fetched ahead of time. */
export const REFRESH_AHEAD = 0.2
/**
 * Time for which keys that are no longer fresh stay in use while they cannot be fetched, in
 * seconds.
 */
export const DEFAULT_KEYS_MAX_STALE_SECONDS = 24 * 60 * 60
/** Wait after a failed fetch of the keys, in milliseconds: doubles from the first to the second. */
export const MIN_BACK_OFF_MS = 1_000
export const MAX_BACK_OFF_MS = 60_000
/**
 * Time for which an unknown `kid` is remembered after a fetch, in milliseconds, and the number of
 * them.
 */
export const UNKNOWN_KID_MS = 10_000
export const MAX_UNKNOWN_KIDS = 100
/**
 * Time between two fetches for unknown `kid`s, in milliseconds. All unknown `kid`s share it,
 * because attackers choose them.
 */
export const UNKNOWN_KID_FETCH_MS = 5_000

/**
 * Greatest age of the revocation list, in seconds: the default and its range. A quiet issuer
 * answers twice a minute.
 */
export const DEFAULT_MAX_STALENESS_SECONDS = 5 * 60
export const MIN_MAX_STALENESS_SECONDS = 60
export const MAX_MAX_STALENESS_SECONDS = 24 * 60 * 60
/** The algorithm that signs the revocation list, also where tokens have another one. */
export const LIST_ALGORITHM = 'RS256'
/** Largest page of the list, in bytes and in entries: twice what the server sends. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024
export const MAX_LIST_ENTRIES = 10_000
/** Longest header of a list, in characters. */
export const MAX_LIST_HEADER_LENGTH = 1024
/** Seconds by which the `iat` of a list may exceed the issuer's estimated time. */
export const MAX_LIST_AHEAD_SECONDS = 60
/** A list is late if its offset exceeds the best one by more than this, in seconds. */
export const LATE_SECONDS = 2
/**
 * Consecutive late lists, and the seconds over which they come, after which the issuer's clock
 * counts as set back.
 */
export const LATE_ANSWERS = 3
export const LATE_PERIOD_SECONDS = 60
/**
 * Time for which rules are kept after their tokens have expired, in seconds: the greatest
 * tolerance.
 */
export const RULE_KEPT_SECONDS = MAX_CLOCK_TOLERANCE_SECONDS
/** Time for which the issuer is asked to hold its answer, in seconds. */
export const LONG_POLL_SECONDS = 25
/**
 * Time for one request for the list, body included, in milliseconds: a held one, and one to be
 * answered at once.
 */
export const LONG_POLL_TIMEOUT_MS = 30_000
export const LIST_TIMEOUT_MS = 10_000
/**
 * Time for which the copy must stay good before a request is held, in seconds: that request and one
 * after it.
 */
export const HOLD_ROOM_SECONDS = (LONG_POLL_TIMEOUT_MS + LIST_TIMEOUT_MS) / 1000
/** Time for a connection attempt, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 5_000
/**
 * An answer without news that arrives sooner was not held, in milliseconds. The next request waits
 * as long.
 */
export const QUICK_ANSWER_MS = 1_000
/**
 * Wait after a failed request for the list, in milliseconds: doubles from the first to the second.
 */
export const MIN_LIST_BACK_OFF_MS = 200
export const MAX_LIST_BACK_OFF_MS = 5_000
/**
 * Longest wait in the first minute of an outage, in milliseconds: rules arrive within 1 s of a
 * restart.
 */
export const SHORT_OUTAGE_MS = 60_000
export const SHORT_OUTAGE_BACK_OFF_MS = 700
/**
 * Jump between wall clock and monotonic clock, in milliseconds, after which the machine may have
 * been suspended.
 */
export const CLOCKS_APART_MS = 5_000
/**
 * Time for which tokens then wait for a new list, and the time between two requests for it, in
 * milliseconds.
 */
export const RESUMED_WAIT_MS = 2_000
export const RESUMED_AGAIN_MS = 1_000
/**
 * Time for which a token waits for the first list, or for a list that arrives page by page, in
 * milliseconds.
 */
export const LIST_WAIT_MS = 5_000
/**
 * Time for which tokens wait for a newer list once theirs is stale, in milliseconds, once for each
 * outage.
 */
export const STALE_WAIT_MS = 2_000
/**
 * Time for which a token waits that requests the list again in an outage (on use), in milliseconds.
 */
export const PROBE_WAIT_MS = 250
/**
 * Time without tokens after which an outage counts as a new one, in milliseconds: the process may
 * have been frozen.
 */
export const NEW_OUTAGE_MS = 60_000
/** Age of a request that is repeated for a waiting token, in milliseconds. */
export const REQUEST_GIVEN_UP_MS = 2_000
/**
 * Ages of the copy (on use), in milliseconds: used as it is up to the first, during a refresh up to
 * the second.
 */
export const FRESH_LIST_MS = 1_000
export const USABLE_LIST_MS = 5_000
/** Most pages of one catch-up on use (two million rules), and its time in milliseconds. */
export const MAX_CATCH_UP_PAGES = 400
export const CATCH_UP_MS = 20_000
/**
 * Silence after which another request's refresh is given up on use, and the interval of that check,
 * in milliseconds.
 */
export const SILENT_REFRESH_MS = 1_000
export const REFRESH_STEP_MS = 25
/**
 * Time for which the platform's cache keeps a list, in seconds: as long as its signature is good.
 */
export const CACHED_LIST_SECONDS = 120
/**
 * Time for which `ready` waits by default and at most, and the time between its attempts, in
 * milliseconds.
 */
export const READY_TIMEOUT_MS = 10_000
export const MAX_READY_TIMEOUT_MS = 24 * 60 * 60 * 1_000
export const READY_STEP_MS = 250
/**
 * Query parameter of a renewal, with a new value each time: a shared cache that ignores `no-cache`
 * in requests has no answer for that URL.
 */
export const RENEWAL_PARAMETER = 'renew'
/** Time between two renewals of the keys for the list, in milliseconds. */
export const RENEW_KEYS_MS = 1_000
/**
 * Slots of the token table that one sweep examines; other rules that it examines; seconds between
 * two full sweeps.
 */
export const SWEPT_SLOTS = 65_536
export const SWEPT_RULES = 10_000
export const SWEEP_SECONDS = 60
