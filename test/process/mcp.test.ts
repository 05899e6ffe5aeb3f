// Public clients of the Model Context Protocol against the real server: from the metadata of a
// resource server to a token, with an enrollment token (RFC 9728, RFC 8414, RFC 7591, RFC 6749
// §4.4).
import { type Server, createServer } from 'node:http'
import * as second from '@modelcontextprotocol/client'
import * as first from '@modelcontextprotocol/sdk/client/auth.js'
import { createVerifier, protectedResourceMetadata, unsafeIgnorePlugin } from '@latchkey/verifier'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecords } from '../support/database.ts'
import {
  type Place,
  type ServerProcess,
  createCli,
  seededPlace,
  startServer,
} from '../support/processes.ts'

let place: Place
let server: ServerProcess
let resourceServer: Server
let resource: string

beforeAll(async () => {
  place = await seededPlace()
  server = await startServer(place)
  resourceServer = createServer((request, response) => {
    const metadata = protectedResourceMetadata({
      resource,
      issuer: place.url,
      permissions: ['tools:call'],
    })
    const found = request.url === metadata.path
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ? metadata.document : {}))
  })
  await new Promise<void>((resolve) => resourceServer.listen(0, '127.0.0.1', resolve))
  const address = resourceServer.address()
  resource = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mcp`
  const records = openRecords(place)
  await records.audience(resource, ['tools:call', 'tools:list'])
  await records.close()
})

afterAll(async () => {
  resourceServer.closeAllConnections()
  await new Promise((resolve) => resourceServer.close(resolve))
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

const enroll = async (): Promise<string> => {
  const grant = `${resource}=tools:call tools:list`
  const made = await createCli(place).json('enrollment create --grant', grant)
  return String(made['enrollment_token'])
}

type Registered = { client_id: string; client_secret?: string | undefined }
type Tokens = { access_token: string; token_type: string; scope?: string | undefined }

const CALLBACK = 'http://127.0.0.1:3000/callback'

/** Makes a client without a person, in the form of an `OAuthClientProvider` of both packages. */
const createProvider = (redirectUris: string[], own: object = {}) => {
  const kept: { client?: Registered; tokens?: Tokens } = {}
  const nobody = (): never => {
    throw new Error('no person is there to authorize')
  }
  return {
    kept,
    redirectUrl: undefined,
    clientMetadata: {
      client_name: 'MCP client',
      redirect_uris: redirectUris,
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
      ...own,
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client: Registered) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens: Tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: nobody,
    codeVerifier: nobody,
    saveCodeVerifier: nobody,
    prepareTokenRequest: (scope?: string) =>
      new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }),
  }
}

/**
 * Makes a client that would send a person to `/oauth/authorize`, with the grant types of its
 * author.
 */
const createInteractive = (own: object) => ({
  ...createProvider([CALLBACK], { grant_types: undefined, ...own }),
  redirectUrl: CALLBACK,
})

/**
 * Adds the initial access token (RFC 7591 §3) to requests; the packages leave it to their `fetch`.
 */
const fetchWith = (enrollmentToken: string, hidden?: string): typeof fetch => {
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname === hidden) return new Response(null, { status: 404 })
    const headers = new Headers(init?.headers)
    if (pathname === '/oauth/register') headers.set('authorization', `Bearer ${enrollmentToken}`)
    return await fetch(input, { ...init, headers })
  }
}

const REDIRECTS: [title: string, uris: string[]][] = [
  ['without redirection URIs', []],
  ['with redirection URIs', ['http://127.0.0.1:3000/callback', 'com.example.app:/callback']],
]

const ASKING_FOR_CODE: [title: string, own: object, refused: RegExp][] = [
  [
    'the grant types and response types of a person',
    { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
    /grant_types: /,
  ],
  ['the grant type of a person', { grant_types: ['authorization_code'] }, /grant_types: /],
]

describe.each([
  ['@modelcontextprotocol/sdk', first],
  ['@modelcontextprotocol/client', second],
])('%s', (_, sdk) => {
  it.each(REDIRECTS)('discovers, enrolls and gets a token %s', async (__, uris) => {
    const provider = createProvider(uris)
    const fetchFn = fetchWith(await enroll())
    expect(await sdk.auth(provider, { serverUrl: resource, fetchFn })).toBe('AUTHORIZED')
    expect(provider.kept.client).toMatchObject({ redirect_uris: uris, scope: 'tools:call' })

    const verifier = createVerifier({
      issuer: place.url,
      audience: resource,
      revocations: 'none',
    })
    const verified = await verifier.verify(provider.kept.tokens?.access_token ?? '', {
      permission: 'tools:call',
      plugin: unsafeIgnorePlugin,
    })
    expect(verified.clientId).toBe(provider.kept.client?.client_id)
    expect([...verified.permissions]).toEqual(['tools:call'])
  })

  it.each(['oauth-authorization-server', 'openid-configuration'])(
    'accepts the metadata when /.well-known/%s is hidden',
    async (name) => {
      const fetchFn = fetchWith('', `/.well-known/${name}`)
      const metadata = await sdk.discoverAuthorizationServerMetadata(place.url, { fetchFn })
      expect(metadata).toMatchObject({
        issuer: place.url,
        authorization_endpoint: `${place.url}/oauth/authorize`,
        registration_endpoint: `${place.url}/oauth/register`,
      })
    },
  )

  it('reports that no person can authorize here, and redirects no user', async () => {
    const metadata = await sdk.discoverAuthorizationServerMetadata(place.url)
    const starting = sdk.startAuthorization(place.url, {
      ...(metadata && { metadata }),
      clientInformation: { client_id: 'lkc_x' },
      redirectUrl: CALLBACK,
    })
    await expect(starting).rejects.toThrow('does not support response type code')
  })

  it('keeps its enrollment token when its redirection URI is refused', async () => {
    const token = await enroll()
    const provider = createProvider([`${CALLBACK}#fragment`])
    const options = { serverUrl: resource, fetchFn: fetchWith(token) }
    await expect(sdk.auth(provider, options)).rejects.toThrow('redirect_uris')
    const again = createProvider([])
    expect(await sdk.auth(again, options)).toBe('AUTHORIZED')
  })

  it.each(ASKING_FOR_CODE)(
    'keeps its enrollment token when the server refuses %s',
    async (__, own, refused) => {
      const token = await enroll()
      const options = { serverUrl: resource, fetchFn: fetchWith(token) }
      await expect(sdk.auth(createInteractive(own), options)).rejects.toThrow(refused)
      const again = createProvider([CALLBACK])
      expect(await sdk.auth(again, options)).toBe('AUTHORIZED')
    },
  )
})
