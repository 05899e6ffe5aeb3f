import { audited } from '../audit/record.ts'
import { nowSeconds } from '../clock.ts'
import type { AppContext, Deps } from '../deps.ts'
import { type Metadata, narrowGrants, parseMetadata } from './enrollment.ts'
import { respond } from '../http/respond.ts'
import { OAuthError } from '../errors.ts'
import { bearerToken } from '../http/bearer.ts'
import { requestContext } from '../http/request-context.ts'
import type { Writer } from '../http/write-bounds.ts'
import { equalInConstantTime, hashSecret, newRegistrationToken } from '../secret.ts'
import { retryOnConflict } from '../store/conflicts.ts'
import type { Client } from '../store/store.ts'
import { REGISTRATION_REASONS, type RegistrationReason, registrationRefusal } from './reasons.ts'
import { bearerChallenge } from './response.ts'
import { invalidField, invalidMember, readMetadataObject, registered } from './registration.ts'
import { takeWrite } from './quota.ts'
import { toJson } from '../text/text.ts'

type ConfigurationDeps = Pick<
  Deps,
  'store' | 'clock' | 'random' | 'issuer' | 'log' | 'audit' | 'clientAddress' | 'writes'
>

/** `GET /oauth/register/:client_id` (RFC 7592 §2.1). */
export const readConfiguration = (deps: ConfigurationDeps) => async (c: AppContext) => {
  const { client, token } = await authenticateRegistration(c, deps)
  const body = { ...registered(client, deps.issuer), registration_access_token: token }
  return respond(c, 200, toJson(body), { 'Content-Type': 'application/json' })
}

/**
 * `PUT /oauth/register/:client_id` (RFC 7592 §2.2): can only narrow the client. It replaces the
 * registration access token; of two requests with the same token, one is refused.
 */
export const updateConfiguration = (deps: ConfigurationDeps) => async (c: AppContext) => {
  const { client } = await authenticateRegistration(c, deps)
  const body = await readMetadataObject(c.req.raw)
  const metadata = await readUpdate(body, client, deps)
  const registrationToken = newRegistrationToken(deps.random)
  const event = eventOf(c, client, 'client.update', deps)
  await takeWrite(writerOf(client), 'registration', event, deps)
  const after = await audited(deps, event, (_, cause) =>
    retried(c, deps, async (before) => {
      const change = {
        name: metadata.name,
        ...(metadata.authMethod !== null && { authMethod: metadata.authMethod }),
        grants: await narrowed(before, metadata, deps),
        registrationHash: hashSecret(registrationToken),
        ...(metadata.softwareId !== null && { softwareId: metadata.softwareId }),
        ...(metadata.redirectUris !== null && { redirectUris: metadata.redirectUris }),
      }
      await deps.store.updateClient(before, change, nowSeconds(deps), cause)
      return { ...before, ...change }
    }),
  )
  // Built from the written values: if another read failed now, the only copy of the token would be
  // lost.
  const answer = { ...registered(after, deps.issuer), registration_access_token: registrationToken }
  return respond(c, 200, toJson(answer), { 'Content-Type': 'application/json' })
}

/**
 * `DELETE /oauth/register/:client_id` (RFC 7592 §2.3): deletes the client and revokes all its
 * tokens.
 */
export const deleteConfiguration = (deps: ConfigurationDeps) => async (c: AppContext) => {
  const { client } = await authenticateRegistration(c, deps)
  const event = eventOf(c, client, 'client.delete', deps)
  await takeWrite(writerOf(client), 'registration', event, deps)
  await audited(deps, event, (_, cause) =>
    retried(c, deps, (before) => deps.store.deleteClient(before, nowSeconds(deps), cause)),
  )
  return respond(c, 204, null)
}

/** Replaces a hash that the store does not find: every attempt makes one comparison. */
const NO_TOKEN = hashSecret('')

const writerOf = ({ id, workspaceId }: Client): Writer => ({ clientId: id, workspaceId })

const eventOf = (
  c: AppContext,
  { id }: Client,
  action: string,
  deps: Pick<Deps, 'clientAddress'>,
) => ({
  actor: `client:${id}`,
  action,
  target: id,
  ...requestContext(c, deps),
})

/**
 * Authenticates a client by its registration access token. A deleted or disabled client, and one of
 * a suspended workspace, are refused like an unknown client (RFC 7592 §2.1).
 */
const authenticateRegistration = async (
  c: AppContext,
  deps: ConfigurationDeps,
): Promise<{ client: Client; token: string }> => {
  const id = c.req.param('client_id') ?? ''
  const token = bearerToken(c)
  // Check the token before reading the client: every wrong token costs one read and one comparison,
  // for every id.
  if (token !== null && (await isRegistrationToken(id, token, deps))) {
    // Check again after reading the client: if the token is rotated in between, the first check
    // proves nothing about this etag; if it is rotated later, the etag is stale and the conditional
    // write fails.
    const client = await deps.store.findClient(id)
    if (client !== null && (await isRegistrationToken(id, token, deps))) return { client, token }
  }
  const context = requestContext(c, deps)
  const event = { ...context, actor: 'unknown', action: 'client.configuration', target: null }
  const reason = token === null ? 'token_missing' : await reasonOf(id, token, deps)
  const { code } = REGISTRATION_REASONS[reason]
  deps.audit.count({ ...event, outcome: 'refused', reason: code })
  throw new OAuthError(code, { reason, headers: bearerChallenge(token !== null) })
}

/** Read for the log after every refusal, so that the work does not tell the cause. */
const reasonOf = async (
  id: string,
  token: string,
  { store }: Pick<Deps, 'store'>,
): Promise<RegistrationReason> =>
  registrationRefusal(await store.explainRefusal(id, hashSecret(token)))

const isRegistrationToken = async (
  id: string,
  token: string,
  { store }: Pick<Deps, 'store'>,
): Promise<boolean> => {
  const presented = hashSecret(token)
  const hash = await store.findRegistrationHash(id, presented)
  return equalInConstantTime(hash ?? NO_TOKEN, presented) && hash !== null
}

/**
 * Reads the client and writes a change. After a conflict it repeats both, if the token is still
 * valid.
 */
const retried = <T>(
  c: AppContext,
  deps: ConfigurationDeps,
  write: (before: Client) => Promise<T>,
): Promise<T> =>
  retryOnConflict(async () => {
    const { client } = await authenticateRegistration(c, deps)
    return await write(client)
  })

/** Members that the server issues. A client must not send them (RFC 7592 §2.2). */
const SERVER_MADE = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]

const readUpdate = async (
  body: Record<string, unknown>,
  client: Client,
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
): Promise<Metadata> => {
  if (body['client_id'] !== client.id) throw invalidField('client_id', 'must be that of the client')
  const foreign = SERVER_MADE.find((name) => Object.hasOwn(body, name))
  if (foreign !== undefined) throw invalidField(foreign, 'must be left out')
  if (Object.hasOwn(body, 'client_secret')) {
    const presented = body['client_secret']
    const hash = hashSecret(typeof presented === 'string' ? presented : '')
    const login = await store.findLogin(client.id, hash, nowSeconds({ clock }))
    if (login === null || !equalInConstantTime(login.hash, hash))
      throw invalidField('client_secret', 'must be a secret that is live')
  }
  const metadata = parseMetadata(body)
  if ('must' in metadata) throw invalidMember(metadata)
  return metadata
}

/** Narrows the grants to the sent scope. Without one they stay as they are. */
const narrowed = async (client: Client, { scope }: Metadata, { store }: Pick<Deps, 'store'>) => {
  const audiences = await store.listAudiences({ ids: client.grants.map((g) => g.audience) })
  const grants = narrowGrants(client.grants, scope, audiences)
  if ('missing' in grants) {
    throw invalidField('scope', 'must name only what the client has', ...grants.missing)
  }
  return grants
}
