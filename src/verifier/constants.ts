// Every limit of the verifier, with its unit in the name.

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
