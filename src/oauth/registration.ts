// What registration and self-management share: the metadata of a request, and those of an answer.
import { MAX_METADATA_BYTES } from '../constants.ts'
import { type Metadata, parseMetadata } from '../enroll.ts'
import { OAuthError } from '../errors.ts'
import { isJsonType, readBody } from '../http/body.ts'
import { isObject, parseJson } from '../json.ts'
import type { Client } from '../store/store.ts'

/** @throws OAuthError `metadata_malformed`, `metadata_too_large`, `metadata_invalid` naming the field */
export const readMetadata = async (request: Request): Promise<Metadata> => {
  const metadata = parseMetadata(await readMetadataObject(request))
  if ('must' in metadata) throw invalidField(metadata.field, metadata.must)
  return metadata
}

/** RFC 7591 §2.1: a JSON object. @throws OAuthError `metadata_malformed`, `metadata_too_large` */
export const readMetadataObject = async (request: Request): Promise<Record<string, unknown>> => {
  if (!isJsonType(request.headers)) malformed()
  const body = await readBody(request, MAX_METADATA_BYTES)
  if (body === 'too_large') throw new OAuthError('metadata_too_large')
  if (body === 'broken_off') return malformed()
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body))
    if (isObject(value)) return value
  } catch {
    // refused below
  }
  return malformed()
}

const malformed = (): never => {
  throw new OAuthError('metadata_malformed')
}

/** @param must a sentence of ours, without what was sent */
export const invalidField = (field: string, must: string): OAuthError =>
  new OAuthError('metadata_invalid', {}, `${field}: ${must}.`)

type Registered = Pick<Client, 'id' | 'createdAt' | 'name' | 'softwareId' | 'grants' | 'authMethod'>

/** The metadata of a client (RFC 7591 §3.2.1, RFC 7592 §3), without what is secret. */
export const registered = (client: Registered, issuer: string) => {
  const scope = [...new Set(client.grants.flatMap(({ permissions }) => permissions))].join(' ')
  return {
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    client_name: client.name,
    ...(client.softwareId !== null && { software_id: client.softwareId }),
    ...(scope !== '' && { scope }), // what is read can be sent back, and an empty one is refused
    token_endpoint_auth_method: client.authMethod,
    grant_types: ['client_credentials'],
    registration_client_uri: `${issuer}/oauth/register/${client.id}`,
  }
}
