import type { Deps } from '../deps.ts'
import { OAuthError } from '../errors.ts'
import type { TokenSubject } from '../store/store.ts'

/**
 * Counts one request of the client, and one of the bound administrator who made it.
 * @throws OAuthError 429 with `Retry-After` for a client that has used its quota up; Unavailable where nobody counts
 */
export const takeFromQuota = async (
  { limitedBy, ...own }: Pick<TokenSubject, 'id' | 'quotaPerMinute' | 'limitedBy'>,
  { quota }: Pick<Deps, 'quota'>,
): Promise<void> => {
  for (const client of [own, limitedBy]) {
    if (client === null || client.quotaPerMinute === null) continue
    const waitSeconds = await quota(client.id, client.quotaPerMinute)
    if (waitSeconds > 0) throw quotaExceeded(waitSeconds)
  }
}

const quotaExceeded = (waitSeconds: number): OAuthError =>
  new OAuthError('quota_exceeded', { 'Retry-After': String(waitSeconds) })
