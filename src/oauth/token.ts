import type { AppContext, Deps } from '../deps.ts'
import { respondJson } from '../http/respond.ts'
import { OAuthError, refusedValue } from '../errors.ts'
import { parseJson } from '../json.ts'
import type { AuthorizationDetail } from '../store/store.ts'
import { authenticateClient } from './client-authentication.ts'
import type { Form } from './form-encoding.ts'
import { readForm } from './form.ts'
import { issueToken } from './issue.ts'
import { audienceMeant, checkDetails } from '../grants/narrowing.ts'
import { takeFromQuota } from './quota.ts'

type TokenDeps = Pick<
  Deps,
  | 'store'
  | 'signer'
  | 'ledger'
  | 'clock'
  | 'random'
  | 'issuer'
  | 'tokenTtlSeconds'
  | 'log'
  | 'audit'
  | 'secretUsed'
  | 'metrics'
  | 'quota'
  | 'clientAddress'
>

/** `POST /oauth/token`: the client credentials grant (RFC 6749 §4.4). */
export const token = (deps: TokenDeps) => async (c: AppContext) => {
  const form = await readForm(c, 'token')
  checkGrantType(form)
  const client = await authenticateClient(form, c, deps)
  await takeFromQuota(client, deps)
  const target = {
    audience: form.get('audience'),
    resource: form.get('resource'),
    scope: form.get('scope'),
  }
  logAudience(c, () => audienceMeant(target, client))
  const request = {
    ...target,
    pluginId: form.get('plugin_id'),
    details: readDetails(form.get('authorization_details')),
  }
  const response = await issueToken(client, request, deps, { requestId: c.get('requestId') })
  return respondJson(c, 200, response)
}

/** Adds the audience that the request means to the log line of a refusal, if it sends none. */
const logAudience = (c: AppContext, meant: () => string | undefined): void => {
  const requested = c.get('requested')
  if (requested === undefined) return
  c.set('requested', () => {
    const { fields, hide } = requested()
    return { fields: { ...fields, audience: fields['audience'] ?? meant() }, hide }
  })
}

const checkGrantType = (form: Form): void => {
  const grantType = form.get('grant_type')
  if (grantType === undefined) throw new OAuthError('grant_type_missing')
  if (grantType !== 'client_credentials') {
    throw refusedValue('grant_type_unsupported', [grantType])
  }
}

/** Parses the parameter `authorization_details` (RFC 9396 §6). */
const readDetails = (text: string | undefined): AuthorizationDetail[] => {
  if (text === undefined) return []
  let details: unknown
  try {
    details = parseJson(text)
  } catch {
    throw new OAuthError('details_malformed')
  }
  return checkDetails(details)
}
