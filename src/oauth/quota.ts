import type { WRITE_COSTS } from '../constants.ts'
import type { AuditEvent } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import { OAuthError } from '../errors.ts'
import { type Writer, waitForWrite } from '../http/write-bounds.ts'
import type { GrantedClient } from '../store/store.ts'

/**
 * Counts a request against the quota of the client, and against that of the bound administrator who
 * created it.
 * @throws OAuthError 429 with `Retry-After` for an exhausted quota; Unavailable if the counting
 * process does not answer
 */
export const takeFromQuota = async (
  { limitedBy, ...own }: Pick<GrantedClient, 'id' | 'quotaPerMinute' | 'limitedBy'>,
  { quota }: Pick<Deps, 'quota'>,
): Promise<void> => {
  for (const client of [own, limitedBy]) {
    if (client === null) continue
    const waitSeconds = await quota(client.id, client.quotaPerMinute)
    if (waitSeconds > 0) throw refused('quota_exceeded', waitSeconds)
  }
}

/**
 * Counts a write. The audit counts a refusal, without a row for each.
 * @throws OAuthError 429 with `Retry-After` if the client or its workspace has reached its limit
 */
export const takeWrite = async (
  writer: Writer,
  kind: keyof typeof WRITE_COSTS,
  event: Pick<AuditEvent, 'actor' | 'action'>,
  deps: Pick<Deps, 'writes' | 'audit'>,
): Promise<void> => {
  const waitSeconds = await waitForWrite(writer, kind, deps)
  if (waitSeconds === 0) return
  const reason = 'writes_exceeded'
  deps.audit.count({ ...event, target: null, outcome: 'refused', reason })
  throw refused(reason, waitSeconds)
}

const refused = (code: 'quota_exceeded' | 'writes_exceeded', waitSeconds: number): OAuthError =>
  new OAuthError(code, { headers: { 'Retry-After': String(waitSeconds) } })
