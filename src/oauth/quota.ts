import type { Deps } from '../deps.ts'
import { OAuthError } from '../errors.ts'

/** @throws OAuthError 429 with `Retry-After` for a client that has used its quota up; Unavailable where nobody counts */
export const takeFromQuota = async (
  { id, quotaPerMinute }: { id: string; quotaPerMinute: number | null },
  { quota }: Pick<Deps, 'quota'>,
): Promise<void> => {
  if (quotaPerMinute === null) return
  const waitSeconds = await quota(id, quotaPerMinute)
  if (waitSeconds > 0)
    throw new OAuthError('quota_exceeded', { 'Retry-After': String(waitSeconds) })
}
