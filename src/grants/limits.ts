// The limits that an operator sets on a client: lifetime of its tokens, quota, ledger. Whoever is bound to a
// workspace only makes them tighter. Pure: no I/O.
import type { Client, NewClient, GrantedClient } from '../store/store.ts'

export type Limits = Pick<Client, 'tokenTtl' | 'quotaPerMinute' | 'ledger'>

export const UNLIMITED: Limits = { tokenTtl: null, quotaPerMinute: null, ledger: false }

/**
 * The first limit that allows more than it did, or null.
 * @param defaultTtlSeconds what a client without a lifetime of its own gets where its audience sets none
 */
export const loosened = (
  before: Limits,
  after: Limits,
  defaultTtlSeconds: number,
): 'token_ttl' | 'quota_per_minute' | 'ledger' | null => {
  if (!isTtlKept(before.tokenTtl, after.tokenTtl, defaultTtlSeconds)) return 'token_ttl'
  if (!isQuotaKept(before.quotaPerMinute, after.quotaPerMinute)) return 'quota_per_minute'
  return before.ledger && !after.ledger ? 'ledger' : null
}

/** A lifetime stretches the server's default where the audience sets none. No lifetime is that of any audience. */
const isTtlKept = (before: number | null, after: number | null, fallback: number): boolean =>
  after === before || (after !== null && after <= (before ?? fallback))

const isQuotaKept = (before: number | null, after: number | null): boolean =>
  before === null || (after !== null && after <= before)

/**
 * Limits that hold for a client's tokens: its requests count against its own quota, and against that of the bound
 * administrator who made it.
 */
export const heldLimits = ({
  tokenTtl,
  quotaPerMinute,
  ledger,
  limitedBy,
}: Limits & Pick<GrantedClient, 'limitedBy'>): Limits => {
  const quotas = [quotaPerMinute, limitedBy?.quotaPerMinute ?? null].filter((one) => one !== null)
  return { tokenTtl, ledger, quotaPerMinute: quotas.length === 0 ? null : Math.min(...quotas) }
}

/**
 * Limits that a new client inherits from the bound administrator who makes it, unless tighter ones are given.
 * `limitedBy`: its token requests count against that administrator's quota as well, so that many clients share one.
 */
export type GivenLimits = Limits & Required<Pick<NewClient, 'limitedBy'>>

/** Null for a maker who is bound to no workspace. */
export const limitsGivenBy = (
  maker: Pick<
    GrantedClient,
    'id' | 'workspace' | 'tokenTtl' | 'quotaPerMinute' | 'ledger' | 'limitedBy'
  >,
): GivenLimits | null => {
  const { id, workspace, tokenTtl, quotaPerMinute, ledger, limitedBy } = maker
  if (workspace === null) return null
  return { tokenTtl, quotaPerMinute, ledger, limitedBy: limitedBy?.id ?? id }
}
