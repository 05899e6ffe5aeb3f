// Client metadata of requests and answers, for registration and self-management.
import { type BadMember, memberForm, memberMeant } from './client-metadata.ts'
import { MAX_METADATA_BYTES } from '../constants.ts'
import { type Metadata, parseMetadata } from './enrollment.ts'
import { OAuthError, misspelled } from '../errors.ts'
import { readText } from '../http/body.ts'
import { parseJsonObject } from '../json.ts'
import { describedValues } from '../text/redaction.ts'
import type { Client } from '../store/store.ts'
import { bodyRefused } from './response.ts'

/**
 * @throws OAuthError `metadata_malformed`, `metadata_too_large`, `metadata_invalid` naming the
 * field
 */
export const readMetadata = async (request: Request): Promise<Metadata> => {
  const metadata = parseMetadata(await readMetadataObject(request))
  if ('must' in metadata) throw invalidMember(metadata)
  return metadata
}

/**
 * Reads a JSON object (RFC 7591 §2.1). A member that is null counts as absent: §2 and §3.2.1 give
 * null no meaning.
 * @throws OAuthError `metadata_malformed`, `metadata_too_large`, `charset_unsupported`,
 * `content_encoding_unsupported`, `metadata_misspelled`, `metadata_invalid` for response types that
 * need a user
 */
export const readMetadataObject = async (request: Request): Promise<Record<string, unknown>> => {
  const value = await readObject(request)
  const members = Object.entries(value).filter(([, member]) => member !== null)
  for (const [name] of members) {
    const meant = memberMeant(name)
    if (meant !== null) throw misspelled('metadata_misspelled', name, meant, memberForm(meant))
  }
  const metadata = Object.fromEntries(members)
  const codes = requestedCodes(metadata)
  if (codes.length > 0)
    throw invalidField('response_types', MUST_NOT_BE_CODE, `[${codes.join(' ')}]`)
  return metadata
}

type Members = Readonly<Record<string, unknown>>

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/**
 * Response types that this server lacks, of a client without `grant_types`, which means
 * `authorization_code` (RFC 7591 §2). Accepting them would use the enrollment token before the
 * client learns that users do not authorize clients here. With `grant_types` of
 * `client_credentials` the answer replaces the response types (§3.2.1).
 */
const requestedCodes = ({ grant_types: grants, response_types: types }: Members): string[] =>
  grants === undefined && isTextList(types) ? types.filter((type) => type !== 'none') : []

const MUST_NOT_BE_CODE = 'must be none, empty or left out without grant_types [client_credentials]'

const readObject = async (request: Request): Promise<Record<string, unknown>> => {
  const body = await readText(request, 'application/json', MAX_METADATA_BYTES)
  if ('problem' in body) throw bodyRefused(body, 'metadata')
  // RFC 8259 §8.1: a parser may ignore the byte order mark.
  const object = parseJsonObject(body.text.replace(/^\ufeff/, ''))
  if (object === null) throw new OAuthError('metadata_malformed')
  return object
}

/**
 * @param must the rule, without the sent value
 * @param sent the refused values; absent if they may be secret
 */
export const invalidField = (field: string, must: string, ...sent: string[]): OAuthError =>
  new OAuthError('metadata_invalid', { description: sentence(field, must, sent) })

export const invalidMember = ({ code, field, must, sent }: BadMember): OAuthError =>
  new OAuthError(code, { description: sentence(field, must, sent === undefined ? [] : [sent]) })

const sentence = (field: string, must: string, sent: readonly string[]): string => {
  const not = sent.length === 0 ? '' : `, not ${describedValues(sent) || 'empty'}`
  return `${field}: ${must}${not}.`
}

type Registered = Pick<
  Client,
  'id' | 'createdAt' | 'name' | 'softwareId' | 'redirectUris' | 'grants' | 'authMethod'
>

/** The metadata of a client (RFC 7591 §3.2.1, RFC 7592 §3), without secrets. */
export const registered = (client: Registered, issuer: string) => {
  const scope = [...new Set(client.grants.flatMap(({ permissions }) => permissions))].join(' ')
  return {
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    client_name: client.name,
    ...(client.softwareId !== null && { software_id: client.softwareId }),
    // A client can send the answer back, and the server refuses an empty scope.
    ...(scope !== '' && { scope }),
    token_endpoint_auth_method: client.authMethod,
    grant_types: ['client_credentials'],
    response_types: [], // absent it would mean `code` (RFC 7591 §2)
    // Clients of the Model Context Protocol require the list, also if it is empty.
    redirect_uris: client.redirectUris,
    registration_client_uri: `${issuer}/oauth/register/${client.id}`,
  }
}
