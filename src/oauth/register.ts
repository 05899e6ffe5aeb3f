import { audited } from '../audit.ts'
import { type AppContext, type Deps, nowSeconds } from '../deps.ts'
import { type Metadata, narrowGrants, remainingDetails, remainingGrants } from '../enroll.ts'
import { Conflict, OAuthError } from '../errors.ts'
import { bearerToken } from '../http/bearer.ts'
import { hashSecret, newClientId, newClientSecret, newRegistrationToken } from '../secret.ts'
import type { Enrollment, NewClient } from '../store/store.ts'
import { invalidField, readMetadata, registered } from './registration.ts'
import { NO_STORE } from './response.ts'

type RegisterDeps = Pick<
  Deps,
  'store' | 'clock' | 'random' | 'issuer' | 'log' | 'audit' | 'clientAddress'
>

/**
 * `POST /oauth/register` (RFC 7591 §3): an enrollment token, used once, becomes a client. Using it up and making
 * the client are one step; a request that is refused uses nothing up.
 */
export const register = (deps: RegisterDeps) => async (c: AppContext) => {
  const enrollment = await authenticateEnrollment(c, deps)
  const metadata = await readMetadata(c.req.raw)
  const made = await makeClient(enrollment, metadata, deps)
  const event = {
    actor: `enrollment:${enrollment.id}`,
    action: 'client.register',
    target: made.client.id,
    requestId: c.get('requestId'),
    address: deps.clientAddress(c),
  }
  await audited(deps, event, () => consume(enrollment, made.client, deps))
  const client = await deps.store.findClient(made.client.id)
  if (client === null) throw new OAuthError('server_error')
  const body = {
    ...registered(client, deps.issuer),
    client_secret: made.secret,
    client_secret_expires_at: 0,
    registration_access_token: made.registrationToken,
  }
  return c.json(body, 201, NO_STORE)
}

/** What is wrong with the token is said: whoever has it was given it, and its text is no use any more. */
const authenticateEnrollment = async (c: AppContext, deps: RegisterDeps): Promise<Enrollment> => {
  const refuse = (code: 'enrollment_missing' | 'enrollment_invalid' | 'enrollment_used') => {
    const context = { requestId: c.get('requestId'), address: deps.clientAddress(c) }
    const event = { ...context, actor: 'unknown', action: 'client.register', target: null }
    deps.audit.count({ ...event, outcome: 'refused', reason: code })
    return refusedEnrollment(code)
  }
  const token = bearerToken(c)
  if (token === null) throw refuse('enrollment_missing')
  const enrollment = await deps.store.findEnrollmentByHash(hashSecret(token))
  if (enrollment === null) throw refuse('enrollment_invalid')
  if (enrollment.usedAt !== null) throw refuse('enrollment_used') // after its end, too
  if (enrollment.revokedAt !== null || enrollment.expiresAt <= nowSeconds(deps)) {
    throw refuse('enrollment_invalid')
  }
  const workspace = await deps.store.findWorkspace(enrollment.workspaceId)
  if (workspace?.status !== 'active') throw refuse('enrollment_invalid')
  return enrollment
}

/** RFC 6750 §3.1: a bare challenge where no token was sent. */
const refusedEnrollment = (
  code: 'enrollment_missing' | 'enrollment_invalid' | 'enrollment_used',
): OAuthError => {
  const challenge = code === 'enrollment_missing' ? 'Bearer' : 'Bearer error="invalid_token"'
  return new OAuthError(code, { 'WWW-Authenticate': challenge })
}

const makeClient = async (
  enrollment: Enrollment,
  metadata: Metadata,
  deps: Pick<Deps, 'store' | 'random'>,
) => {
  const audiences = await deps.store.listAudiences({
    ids: enrollment.grants.map(({ audience }) => audience),
  })
  const granted = remainingGrants(enrollment.grants, audiences)
  const grants = narrowGrants(granted, metadata.scope, audiences)
  if (grants === null) throw invalidField('scope', 'must name only what the enrollment grants')
  const secret = newClientSecret(deps.random, { name: 'enrollment' })
  const registrationToken = newRegistrationToken(deps.random)
  const client: NewClient = {
    id: newClientId(deps.random),
    name: metadata.name,
    workspaceId: enrollment.workspaceId,
    authMethod: metadata.authMethod,
    tokenTtl: null,
    quotaPerMinute: null,
    plugins: enrollment.plugins,
    grants,
    introspects: [],
    details: await existingDetails(enrollment, deps),
    createPlugins: false,
    softwareId: metadata.softwareId,
    unusedAfter: enrollment.unusedAfter,
    registrationHash: hashSecret(registrationToken),
    secret: secret.row,
  }
  return { client, secret: secret.text, registrationToken }
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

/** Whoever was a moment faster has used it up, or revoked it. */
const consume = async (
  { id }: Enrollment,
  client: NewClient,
  deps: Pick<Deps, 'store' | 'clock'>,
): Promise<void> => {
  try {
    await deps.store.consumeEnrollment(id, client, nowSeconds(deps))
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    const now = await deps.store.findEnrollment(id)
    throw refusedEnrollment(now?.usedAt === null ? 'enrollment_invalid' : 'enrollment_used')
  }
}
