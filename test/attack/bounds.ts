// Bounds that the server keeps under attack.

/** Time from the answer to a revocation to the refusal by 99 of 100 followers, in milliseconds. */
export const REVOCATION_P99_MS = 1_000
export const LIVE_FOLLOWERS = 20

/** Ratio of a follower's first list beside an attack to one without, both in the same run. */
export const COLD_START_FACTOR = 1.5
/** The same for an attacker with a client. It may write 1,200 rules per minute, and followers receive each. */
export const CLIENT_COLD_START_FACTOR = 4
/** Rules that a cold follower has to fetch. */
export const RULES = 30_000

/** Server CPU for one request of at most 64 KiB without credentials, in milliseconds. */
export const REQUEST_CPU_MS = 20
export const MAX_REQUEST_BYTES = 64 * 1024

/** Memory that one connection may cost, and all that the server may ever have, in bytes. */
export const CONNECTION_BYTES = 10 * 1024 * 1024
export const RESIDENT_BYTES = 400 * 1024 * 1024

/** Longest time of an attack, in milliseconds. It ends with the measurements beside it. */
export const ATTACK_MS = 60_000

/** Tries on a machine that also runs other programs. */
export const TRIES = 2
