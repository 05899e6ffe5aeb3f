import { z } from 'zod'
import { DAY_SECONDS, DEFAULT_ENROLLMENT_TTL_SECONDS, DEFAULT_WORKSPACE } from '../constants.ts'
import { Conflict, OperationRefused } from '../errors.ts'
import { hashSecret, newEnrollmentId, newEnrollmentToken } from '../secret.ts'
import type { Enrollment } from '../store/store.ts'
import { checkGiven, requireWorkspace, seenIn } from './authority.ts'
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
import { checkReferences } from './missing-names.ts'
import { enrollmentView } from './views.ts'

export const enrollmentQuery = z.strictObject({ ...pageFields, workspace_id: chosenId.optional() })
export const newEnrollment = z.strictObject({
  name: name.optional(),
  workspace_id: chosenId.optional(),
  plugins: listOf(chosenId).optional(),
  grants: grants.optional(),
  authorization_details: grantedDetails.optional(),
  expires_in: enrollmentExpiresIn.optional().meta({ description: 'Seconds; 15 minutes.' }),
  unused_after_days: unusedAfterDays
    .nullish()
    .meta({ description: 'Remove the client after so many days without a login.' }),
})

export const listEnrollments = async (
  admin: AdminCall,
  query: z.input<typeof enrollmentQuery> = {},
) => {
  const { deps, authority } = admin
  const { workspace_id: wanted, ...page } = parseQuery(enrollmentQuery, query)
  return await pageByAge(
    { ...page, list: 'enrollments' },
    (part) =>
      seenIn(authority, wanted, (workspaceId) => deps.store.listEnrollments({ workspaceId }, part)),
    (row) => enrollmentView(row, now(admin)),
  )
}

export const showEnrollment = async (admin: AdminCall, id: string) =>
  enrollmentView(await readEnrollment(admin, id), now(admin))

/** @returns the enrollment with its token, which is shown this once */
export const createEnrollment = (admin: AdminCall, input: z.input<typeof newEnrollment>) =>
  auditedChange(admin, 'enrollment.create', null, async (named) => {
    const fields = parse(newEnrollment, input)
    const { deps, authority } = admin
    const given = {
      plugins: fields.plugins ?? [],
      grants: (fields.grants ?? []).filter(({ permissions }) => permissions.length > 0),
      details: fields.authorization_details ?? [],
    }
    const wanted = fields.workspace_id ?? authority.workspaceId ?? DEFAULT_WORKSPACE
    const workspaceId = requireWorkspace(authority, wanted)
    checkGiven(authority, { ...given, introspects: [] })
    await checkReferences(admin, { ...given, workspaceId, introspects: [], createPlugins: false })
    const id = newEnrollmentId(deps.random)
    named(id)
    const token = newEnrollmentToken(deps.random)
    const days = fields.unused_after_days ?? null
    await deps.store.createEnrollment(
      {
        id,
        workspaceId,
        ...given,
        name: fields.name ?? id,
        hash: hashSecret(token),
        createdBy: authority.maker?.clientId ?? null,
        createdByGeneration: authority.maker?.generation ?? null,
        unusedAfter: days && days * DAY_SECONDS,
        expiresAt: now(admin) + (fields.expires_in ?? DEFAULT_ENROLLMENT_TTL_SECONDS),
      },
      now(admin),
    )
    return { ...(await showEnrollment(admin, id)), enrollment_token: token }
  })

/** Ends one that has not been used. What it has become is a client like others. */
export const revokeEnrollment = (admin: AdminCall, id: string) =>
  auditedChange(admin, 'enrollment.revoke', id, async () => {
    checkIfMatch(admin, await showEnrollment(admin, id))
    try {
      await admin.deps.store.revokeEnrollment(id, now(admin))
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw new OperationRefused('enrollment_ended', 'it has been used or revoked already')
    }
    return await showEnrollment(admin, id)
  })

const readEnrollment = async ({ deps, authority }: AdminCall, id: string): Promise<Enrollment> => {
  const row = await deps.store.findEnrollment(id)
  const seen = authority.workspaceId === null || row?.workspaceId === authority.workspaceId
  return orNotFound(seen ? row : null, 'enrollment', id)
}
