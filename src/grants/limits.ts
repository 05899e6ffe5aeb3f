// The limits that an operator sets on a client: lifetime of its tokens, quota, ledger. A bound administrator may only
// make them tighter. Pure: no I/O.
import type { Client, NewClient, GrantedClient } from '../store/store.ts'

export type Limits = Pick<Client, 'tokenTtl' | 'quotaPerMinute' | 'ledger'>

export const UNLIMITED: Limits = { tokenTtl: null, quotaPerMinute: null, ledger: false }

/**
 * The first limit that allows more than before; null: none does.
 * @param defaultTtlSeconds lifetime of tokens where neither the client nor the audience sets one
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

/** Compares with the server's default where the client had no lifetime: its audience may have none either. */
const isTtlKept = (before: number | null, after: number | null, fallback: number): boolean =>
  after === before || (after !== null && after <= (before ?? fallback))

const isQuotaKept = (before: number | null, after: number | null): boolean =>
  before === null || (after !== null && after <= before)

/**
 * The limits in force for a client. Its requests count against its own quota and against the quota of the bound
 * administrator who made it, so the lower one is in force.
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
 * Limits that a new client inherits from the bound administrator who makes it, unless the administrator sets tighter
 * ones. `limitedBy`: its token requests count against that administrator's quota as well, so that many clients share
 * one.
 */
export type InheritedLimits = Limits & Required<Pick<NewClient, 'limitedBy'>>

/** @returns null for an unbound administrator */
export const limitsInheritedFrom = (
  maker: Pick<
    GrantedClient,
    'id' | 'workspace' | 'tokenTtl' | 'quotaPerMinute' | 'ledger' | 'limitedBy'
  >,
): InheritedLimits | null => {
  const { id, workspace, tokenTtl, quotaPerMinute, ledger, limitedBy } = maker
  if (workspace === null) return null
  return { tokenTtl, quotaPerMinute, ledger, limitedBy: limitedBy?.id ?? id }
}
