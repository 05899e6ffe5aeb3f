// Checks of a list against the follower's copy: its key, its epoch and its place. Pure.
import { ListRefused, type RevocationList } from './list-page.ts'
import type { RuleSet } from './rules.ts'

/**
 * Refuses a list that a revoked key signed, and a list that revokes its own key.
 * @param sets rules of the copy and of a whole list under way
 * @throws ListRefused
 */
export const checkKey = (
  { kid, rules }: RevocationList,
  sets: readonly (RuleSet | undefined)[],
): void => {
  const revoked =
    sets.some((set) => set?.hasKey(kid)) ||
    rules.some(({ kind, value }) => kind === 'key' && value === kid)
  if (revoked) throw new ListRefused('the list’s key is revoked')
}

/**
 * Refuses another epoch that is not newer than the copy: a restored backup begins a newer one, and
 * an older list is one that an attacker has kept.
 * @param isCredible false where the clock that signed the copy ran far ahead and was corrected: its
 *   time then decides nothing
 * @throws ListRefused
 */
export const checkEpoch = (
  { epoch, iat }: RevocationList,
  copy: { readonly epoch: string; readonly iat: number },
  isCredible: boolean,
): void => {
  if (copy.epoch === epoch) return
  if (isCredible && iat <= copy.iat) throw new ListRefused('the epoch is not newer')
}

/**
 * Refuses a page that goes back, or that begins behind the copy and so leaves rules out.
 * @param requested the cursor that the request named
 * @throws ListRefused
 */
export const checkPlace = (
  list: RevocationList,
  { epoch, cursor }: { readonly epoch: string; readonly cursor: string },
  requested: string | null,
): void => {
  const isCovered = (from: string | null): boolean =>
    from !== null && from.startsWith(`${epoch}.`) && from <= cursor
  if (list.cursor < cursor) throw new ListRefused('the cursor goes back')
  if (!isCovered(requested) || !(list.after === null || isCovered(list.after))) {
    throw new ListRefused('the list leaves rules out')
  }
  if (list.more && list.cursor === cursor) throw new ListRefused('the list does not advance')
}
