import { audited } from '../audit/record.ts'
import { nowSeconds } from '../clock.ts'
import type { AppContext, Deps } from '../deps.ts'
import { type Metadata, narrowGrants, remainingDetails, remainingGrants } from './enrollment.ts'
import { respond } from '../http/respond.ts'
import { Conflict, OAuthError, OperationRefused, Unavailable } from '../errors.ts'
import { type InheritedLimits, UNLIMITED, limitsInheritedFrom } from '../grants/limits.ts'
import { bearerToken } from '../http/bearer.ts'
import { requestContext } from '../http/request-context.ts'
import { hashSecret, newClientId, newClientSecret, newRegistrationToken } from '../secret.ts'
import { retryOnConflict } from '../store/conflicts.ts'
import type { Client, Enrollment, NewClient, GrantedClient, Plugin } from '../store/store.ts'
import { toJson } from '../text/text.ts'
import { mayLogIn } from './client-authentication.ts'
import { ENROLLMENT_REASONS, type EnrollmentReason } from './reasons.ts'
import { bearerChallenge } from './response.ts'
import { invalidField, readMetadata, registered } from './registration.ts'
import { takeWrite } from './quota.ts'

type RegisterDeps = Pick<
  Deps,
  'store' | 'clock' | 'random' | 'issuer' | 'log' | 'audit' | 'clientAddress' | 'writes'
>

/** The default of `token_endpoint_auth_method` (RFC 7591 §2). */
const DEFAULT_AUTH_METHOD = 'client_secret_basic'

/**
 * `POST /oauth/register` (RFC 7591 §3): creates a client from an enrollment token, which can be
 * used once. One step uses the token and creates the client; a refused request does not use it.
 */
export const register = (deps: RegisterDeps) => async (c: AppContext) => {
  const enrollment = await authenticateEnrollment(c, deps)
  const metadata = await readMetadata(c.req.raw)
  const first = await makeClient(enrollment, metadata, deps)
  const event = {
    actor: `enrollment:${enrollment.id}`,
    action: 'client.register',
    target: first.client.id,
    ...requestContext(c, deps),
  }
  const { workspaceId } = enrollment
  await takeWrite({ clientId: null, workspaceId }, 'registration', event, deps)
  const rebuild = () => grantOfEnrollment(enrollment, metadata, deps)
  const client = await audited(deps, event, () => consume(enrollment, first.client, rebuild, deps))
  const body = {
    // Built from the written values: if another read failed now, the only copy of the credentials
    // would be lost.
    ...registered(client, deps.issuer),
    client_secret: first.secret,
    client_secret_expires_at: 0,
    registration_access_token: first.registrationToken,
  }
  return respond(c, 201, toJson(body), { 'Content-Type': 'application/json' })
}

/**
 * The answer tells why a token is refused: only the machine that was given the token has it, and it
 * is useless now.
 */
const authenticateEnrollment = async (c: AppContext, deps: RegisterDeps): Promise<Enrollment> => {
  const refuse = (reason: EnrollmentReason, target: string | null = null) => {
    const context = requestContext(c, deps)
    const event = { ...context, actor: 'unknown', action: 'client.register', target }
    deps.audit.count({ ...event, outcome: 'refused', reason: ENROLLMENT_REASONS[reason].code })
    return enrollmentRefused(reason)
  }
  const token = bearerToken(c)
  if (token === null) throw refuse('token_missing')
  const enrollment = await deps.store.findEnrollmentByHash(hashSecret(token))
  const end = await endOf(enrollment, deps)
  if (enrollment === null || end !== null) {
    throw refuse(end ?? 'unknown_enrollment', enrollment?.id ?? null)
  }
  return enrollment
}

/** An id that no row has. It is looked up in place of the ids of an unknown enrollment. */
const NO_ID = ''

/**
 * Decides why an enrollment cannot be used; null for an open one. Reads a workspace, a maker and
 * plugins in every case, also for an unknown enrollment, so that each refusal costs the same reads.
 */
const endOf = async (
  enrollment: Enrollment | null,
  deps: Pick<Deps, 'store' | 'clock'>,
): Promise<EnrollmentReason | null> => {
  const workspace = await deps.store.findWorkspace(enrollment?.workspaceId ?? NO_ID)
  const maker = await deps.store.findGrantedClient(enrollment?.createdBy ?? NO_ID)
  const plugins = await deps.store.listPlugins({ ids: enrollment?.plugins ?? [NO_ID] })
  if (enrollment === null) return 'unknown_enrollment'
  if (enrollment.usedAt !== null) return 'enrollment_used' // checked before its expiry
  if (enrollment.revokedAt !== null) return 'enrollment_revoked'
  if (enrollment.expiresAt <= nowSeconds(deps)) return 'enrollment_expired'
  if (workspace?.status !== 'active') return 'workspace_suspended'
  if (!isMakerUnchanged(enrollment, maker)) return 'maker_changed'
  return areActive(enrollment.plugins, plugins) ? null : 'plugin_disabled'
}

/** False for a deleted plugin, too: no list has it. */
const areActive = (ids: readonly string[], plugins: readonly Plugin[]): boolean => {
  const active = new Set(plugins.filter(({ status }) => status === 'active').map(({ id }) => id))
  return ids.every((id) => active.has(id))
}

/**
 * An enrollment ends when its maker loses a permission: an attacker with a stolen administrator
 * keeps none.
 */
const isMakerUnchanged = (
  { createdBy, createdByGeneration }: Enrollment,
  maker: GrantedClient | null,
): boolean => createdBy === null || (mayLogIn(maker) && maker.generation === createdByGeneration)

const enrollmentRefused = (reason: EnrollmentReason): OAuthError => {
  const { code } = ENROLLMENT_REASONS[reason]
  return new OAuthError(code, { reason, headers: bearerChallenge(reason !== 'token_missing') })
}

const makeClient = async (
  enrollment: Enrollment,
  metadata: Metadata,
  deps: Pick<Deps, 'store' | 'random'>,
) => {
  const secret = newClientSecret(deps.random, { name: 'enrollment' })
  const registrationToken = newRegistrationToken(deps.random)
  const client = {
    id: newClientId(deps.random),
    name: metadata.name,
    workspaceId: enrollment.workspaceId,
    authMethod: metadata.authMethod ?? DEFAULT_AUTH_METHOD,
    plugins: enrollment.plugins,
    ...(await grantOfEnrollment(enrollment, metadata, deps)),
    introspects: [],
    createPlugins: false,
    softwareId: metadata.softwareId,
    redirectUris: metadata.redirectUris ?? [],
    unusedAfter: enrollment.unusedAfter,
    registrationHash: hashSecret(registrationToken),
    secret: secret.row,
  } satisfies NewClient
  return { client, secret: secret.text, registrationToken }
}

type EnrollmentGrant = Pick<Client, 'grants' | 'details'> & InheritedLimits

/** The requested part of the enrollment, without what was removed since it was created. */
const grantOfEnrollment = async (
  enrollment: Enrollment,
  { scope }: Metadata,
  deps: Pick<Deps, 'store'>,
): Promise<EnrollmentGrant> => {
  const audiences = await deps.store.listAudiences({
    ids: enrollment.grants.map(({ audience }) => audience),
  })
  const grants = narrowGrants(remainingGrants(enrollment.grants, audiences), scope, audiences)
  if ('missing' in grants) {
    throw invalidField('scope', 'must name only what the enrollment grants', ...grants.missing)
  }
  const details = await existingDetails(enrollment, deps)
  return { grants, details, ...(await limitsFrom(enrollment, deps)) }
}

/**
 * The current limits of the administrator who made the enrollment, if that administrator is bound
 * to the workspace.
 */
const limitsFrom = async (
  { createdBy }: Enrollment,
  { store }: Pick<Deps, 'store'>,
): Promise<InheritedLimits> => {
  const maker = createdBy === null ? null : await store.findGrantedClient(createdBy)
  return (maker && limitsInheritedFrom(maker)) ?? { ...UNLIMITED, limitedBy: null }
}

const existingDetails = async (
  { details, workspaceId }: Enrollment,
  { store }: Pick<Deps, 'store'>,
) => {
  const resources = await Promise.all(
    details.map(({ type, identifier }) => store.findResource(type, String(identifier))),
  )
  return remainingDetails(
    details,
    (type, id) =>
      resources.find(
        (row) => row?.type === type && row.id === id && row.workspaceId === workspaceId,
      ) ?? null,
  )
}

/**
 * Uses the enrollment and creates the client. If an administrator removed a part of its grants
 * meanwhile, the client is created without that part. If another request used the enrollment, or an
 * administrator revoked it, it is refused.
 */
const consume = async <T extends NewClient>(
  { id }: Enrollment,
  first: T,
  rebuild: () => Promise<EnrollmentGrant>,
  deps: Pick<Deps, 'store' | 'clock'>,
): Promise<T & { createdAt: number }> => {
  let client = first
  const attempt = async (): Promise<T & { createdAt: number }> => {
    const now = nowSeconds(deps)
    try {
      await deps.store.consumeEnrollment(id, client, now)
      return { ...client, createdAt: now }
    } catch (error) {
      if (!isOvertaken(error)) throw error
    }
    const current = await deps.store.findEnrollment(id)
    const end = await endOf(current, deps)
    if (end !== null) throw enrollmentRefused(end)
    client = { ...client, ...(await rebuild()) }
    throw new Conflict('the enrollment or its grants have changed in the meantime')
  }
  try {
    return await retryOnConflict(attempt)
  } catch (error) {
    throw error instanceof Conflict ? new Unavailable('busy') : error
  }
}

const isOvertaken = (error: unknown): boolean =>
  error instanceof Conflict ||
  (error instanceof OperationRefused && error.code === 'unknown_reference')
