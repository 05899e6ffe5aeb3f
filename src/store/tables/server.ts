// The server's own state: signing keys, the clock, the assertions of a step.
import type { Algorithm } from '../../signing/algorithms.ts'
import type { KeyState } from '../types/keys.ts'
import { flag, integer, json, table, text } from './column.ts'
import { createdAt } from './shared.ts'

/** Signing keys. The private half is a JWE under the key-encryption key, and is erased when the key signs no more. */
export const signingKeys = table('signing_keys', {
  /** The RFC 7638 thumbprint of the public key. */
  kid: text('kid').primaryKey(),
  algorithm: text<Algorithm>('algorithm'),
  state: text<KeyState>('state'),
  publicJwk: json<Record<string, unknown>>('public_jwk'),
  privateJwe: text('private_jwe').nullable(),
  createdAt: createdAt(),
  activatedAt: integer('activated_at').nullable(),
  /** Time at which it stopped signing. It stays published while a token that it signed can be alive. */
  retiredAt: integer('retired_at').nullable(),
  revokedAt: integer('revoked_at').nullable(),
})

/** One row: how far the server trusts the wall clock with steps that cannot be undone (`steps/clock.ts`). */
export const serverClock = table('server_clock', {
  id: integer('id').primaryKey(),
  /** The time that the server has lived up to. */
  settledAt: integer('settled_at'),
  /** The latest time at which a token may have been issued. */
  latestAt: integer('latest_at'),
  /** Distance of the wall clock at every reading since `gap_since`, in seconds. */
  gap: integer('gap').default(0),
  gapSince: integer('gap_since'),
  /** The gap that the log has reported, in seconds. */
  toldGap: integer('told_gap').default(0),
  /** The wall clock at the last reading. */
  tickedAt: integer('ticked_at'),
  /** Rules over tokens that expired until then may have been pruned. The server refuses such tokens by their expiry. */
  prunedUntil: integer('pruned_until').default(0),
})

/**
 * Stays empty. A step of several statements inserts a row of it where a condition does not hold; the check of the table
 * fails, and with it the whole step, on every driver.
 */
export const assertions = table('assertions', {
  unchanged: flag('unchanged').nullable(),
  administrable: flag('administrable').nullable(),
  withinLimit: flag('within_limit').nullable(),
})
