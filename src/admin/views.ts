// What administration shows: the keys of the API and of `--json`. Pure: no I/O.
import type { AuditReport } from '../audit/verify.ts'
import type { Finding, FindingKind } from '../audit/findings.ts'
import type {
  Audience,
  AuditRow,
  Client,
  ClientSecret,
  Plugin,
  SigningKey,
  Workspace,
} from '../store/store.ts'

/** RFC 3339 in UTC; null stays null. */
const time = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

export const workspaceView = (row: Workspace) => ({
  id: row.id,
  name: row.name,
  status: row.status,
  generation: row.generation,
  created_at: time(row.createdAt),
})

export const audienceView = (row: Audience) => ({
  id: row.id,
  permissions: row.permissions,
  requires_plugin: row.requiresPlugin,
  token_ttl: row.tokenTtl,
  algorithm: row.algorithm,
  created_at: time(row.createdAt),
})

export const pluginView = (row: Plugin) => ({
  id: row.id,
  name: row.name,
  trust: row.trust,
  capabilities: row.capabilities,
  snapshot: row.snapshot,
  generation: row.generation,
  created_at: time(row.createdAt),
})

export const clientView = (row: Client) => ({
  client_id: row.id,
  name: row.name,
  workspace_id: row.workspaceId,
  status: row.status,
  plugins: row.plugins,
  grants: row.grants,
  introspects: row.introspects,
  auth_method: row.authMethod,
  token_ttl: row.tokenTtl,
  quota_per_minute: row.quotaPerMinute,
  generation: row.generation,
  created_at: time(row.createdAt),
})

export const secretView = (row: ClientSecret) => ({
  secret_id: row.id,
  client_id: row.clientId,
  name: row.name,
  hint: row.hint,
  created_at: time(row.createdAt),
  expires_at: time(row.expiresAt),
  last_used_at: time(row.lastUsedAt),
})

export const keyView = (row: SigningKey) => ({
  kid: row.kid,
  algorithm: row.algorithm,
  state: row.state,
  created_at: time(row.createdAt),
  activated_at: time(row.activatedAt),
  revoked_at: time(row.revokedAt),
})

/** As above, and null for what is no time: whoever can write the database can write anything. */
const storedTime = (seconds: number | null): string | null =>
  Number.isNaN(new Date(Number(seconds) * 1000).getTime()) ? null : time(seconds)

export const auditView = (row: AuditRow) => ({
  seq: row.seq,
  time: storedTime(row.createdAt),
  actor: row.actor,
  action: row.action,
  target: row.target,
  outcome: row.outcome,
  reason: row.reason,
  request_id: row.requestId,
  address: row.address,
  count: row.count,
})

const DETAILS: Record<FindingKind, string> = {
  changed: 'the row is not what was sealed',
  moved: 'the row was sealed in another place',
  missing: 'the row is not there',
  added: 'the row was put where there was none',
  seal_changed: 'the seal of these rows has been changed',
  seal_missing: 'the seal of these rows is not there',
  cut_forged: 'the mark that retention took these rows is not ours',
}

const findingView = ({ finding, seq, lastSeq, sealedAs }: Finding) => ({
  finding,
  seq,
  last_seq: lastSeq,
  detail: sealedAs === null ? DETAILS[finding] : `the row was sealed as ${sealedAs}`,
})

export const auditReportView = (report: AuditReport) => ({
  intact: report.intact,
  checked: report.checked,
  sealed_to: report.sealedTo,
  sealed_at: storedTime(report.sealedAt),
  unsealed: report.unsealed,
  found: report.found,
  findings: report.findings.map(findingView),
})
