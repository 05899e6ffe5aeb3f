// An inspected token as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import { INACTIVE_REASONS, UNTRUSTED_REASONS } from '../../oauth/reasons.ts'
import type { AccessTokenClaims } from '../../oauth/access-token.ts'
import type { Revocation, RevocationKind } from '../../store/store.ts'
import { time, timestamp } from './common.ts'
import { action, createdBy, requestId, ruleKind } from './revocation.ts'

const REASONS = { ...INACTIVE_REASONS, ...UNTRUSTED_REASONS }

export type InspectionReason = keyof typeof REASONS

const ruleSchema = z
  .strictObject({
    kind: ruleKind,
    seq: z.int().nullable(),
    created_at: timestamp.nullable(),
    created_by: createdBy,
    action,
    request_id: requestId,
  })
  .meta({
    id: 'RevokingRule',
    description:
      'A rule that revokes the token. `seq` is null for a rule that the caller may not see, and for one that was deleted while a clock was ahead.',
  })

export const inspectedTokenSchema = z
  .strictObject({
    active: z.boolean(),
    reason: z
      .enum(Object.keys(REASONS) as [InspectionReason, ...InspectionReason[]])
      .nullable()
      .meta({ description: 'Why the token is not active; null for an active one.' }),
    means: z.string().nullable().meta({ description: 'The reason as a sentence.' }),
    rule: ruleSchema.nullable(),
    claims: z
      .looseObject({})
      .nullable()
      .meta({ description: 'Null: this server has not signed the token.' }),
  })
  .meta({ id: 'InspectedToken' })

export const inspectedTokenView = ({
  reason,
  rule,
  claims,
}: {
  reason: InspectionReason | null
  rule: { kind: RevocationKind; rule: Revocation | null } | null
  claims: AccessTokenClaims | null
}): z.infer<typeof inspectedTokenSchema> => ({
  active: reason === null,
  reason,
  means: reason === null ? null : REASONS[reason],
  rule: rule && {
    kind: rule.kind,
    seq: rule.rule?.seq ?? null,
    created_at: rule.rule === null ? null : time(rule.rule.createdAt),
    created_by: rule.rule?.createdBy ?? null,
    action: rule.rule?.action ?? null,
    request_id: rule.rule?.requestId ?? null,
  },
  claims,
})
