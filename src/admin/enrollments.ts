import { z } from 'zod'
import { DAY_SECONDS, DEFAULT_ENROLLMENT_TTL_SECONDS } from '../constants.ts'
import { Conflict, OperationRefused } from '../errors.ts'
import { hashSecret, newEnrollmentId, newEnrollmentToken } from '../secret.ts'
import type { Enrollment } from '../store/store.ts'
import {
  checkGiven,
  isVisible,
  listVisible,
  requireWorkspace,
  workspaceOrOwn,
} from './authority.ts'
import {
  chosenId,
  enrollmentExpiresIn,
  grantedDetails,
  grants,
  listOf,
  name,
  unusedAfterDays,
} from './fields.ts'
import { orNotFound } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery, checkIfMatch } from './operation.ts'
import { pageByAge, pageFields } from './pages.ts'
import { checkReferences } from './unknown-references.ts'
import { enrollmentView } from './views/enrollment.ts'

export const enrollmentQuery = z.strictObject({ ...pageFields, workspace_id: chosenId.optional() })
export const newEnrollment = z.strictObject({
  name: name.optional(),
  workspace_id: chosenId.optional(),
  plugins: listOf(chosenId).optional(),
  grants: grants.optional(),
  authorization_details: grantedDetails.optional(),
  expires_in: enrollmentExpiresIn
    .optional()
    .meta({ description: 'Seconds until the enrollment cannot be used.' }),
  unused_after_days: unusedAfterDays.nullish().meta({
    description: 'Days without a login after which the client is deleted; null: it is kept.',
  }),
})

export const listEnrollments = async (
  call: AdminCall,
  query: z.input<typeof enrollmentQuery> = {},
) => {
  const { deps, authority } = call
  const { workspace_id: chosenWorkspace, ...page } = parseQuery(enrollmentQuery, query)
  return await pageByAge(
    { ...page, list: 'enrollments' },
    (part) =>
      listVisible(authority, chosenWorkspace, (workspaceId) =>
        deps.store.listEnrollments({ workspaceId }, part),
      ),
    (row) => enrollmentView(row, now(call)),
  )
}

export const showEnrollment = async (call: AdminCall, id: string) =>
  enrollmentView(await readEnrollment(call, id), now(call))

/** @returns the enrollment with its token, which no later answer contains */
export const createEnrollment = (call: AdminCall, input: z.input<typeof newEnrollment>) =>
  auditedChange(call, 'enrollment.create', null, async (setTarget) => {
    const fields = parse(newEnrollment, input)
    const { deps, authority } = call
    const granted = {
      plugins: fields.plugins ?? [],
      grants: (fields.grants ?? []).filter(({ permissions }) => permissions.length > 0),
      details: fields.authorization_details ?? [],
    }
    const workspaceId = requireWorkspace(authority, workspaceOrOwn(authority, fields.workspace_id))
    checkGiven(authority, { ...granted, introspects: [] })
    await checkReferences(call, { ...granted, workspaceId, introspects: [], createPlugins: false })
    const id = newEnrollmentId(deps.random)
    setTarget(id)
    const token = newEnrollmentToken(deps.random)
    const days = fields.unused_after_days ?? null
    await deps.store.createEnrollment(
      {
        id,
        workspaceId,
        ...granted,
        name: fields.name ?? id,
        hash: hashSecret(token),
        createdBy: authority.maker?.clientId ?? null,
        createdByGeneration: authority.maker?.generation ?? null,
        unusedAfter: days && days * DAY_SECONDS,
        expiresAt: now(call) + (fields.expires_in ?? DEFAULT_ENROLLMENT_TTL_SECONDS),
      },
      now(call),
    )
    return { ...(await showEnrollment(call, id)), enrollment_token: token }
  })

/** Revokes an unused enrollment. A used one has become a client, which is deleted as any other client. */
export const revokeEnrollment = (call: AdminCall, id: string) =>
  auditedChange(call, 'enrollment.revoke', id, async () => {
    checkIfMatch(call, await showEnrollment(call, id))
    try {
      await call.deps.store.revokeEnrollment(id, now(call))
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw new OperationRefused('enrollment_ended', 'the enrollment has been used or revoked')
    }
    return await showEnrollment(call, id)
  })

const readEnrollment = async ({ deps, authority }: AdminCall, id: string): Promise<Enrollment> => {
  const row = await deps.store.findEnrollment(id)
  return orNotFound(isVisible(authority, row) ? row : null, 'enrollment', id)
}
