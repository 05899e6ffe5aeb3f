// Minimal token endpoint to compare with: finds the client in a Map, compares its secret in constant time and signs.
// It has no database, no log and no rules. servers.ts starts it and sends it the client and the claims.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { BareServerSetup, Running } from './servers.ts'

const TTL_SECONDS = 900

const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 })
const jwk = await exportJWK(publicKey)
const kid = await calculateJwkThumbprint(jwk)

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const authenticate = (authorization: string, hashes: ReadonlyMap<string, Buffer>): boolean => {
  const text = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()
  const colon = text.indexOf(':')
  const hash = hashes.get(text.slice(0, colon))
  return hash !== undefined && timingSafeEqual(hash, sha256(text.slice(colon + 1)))
}

const sign = (claims: Record<string, unknown>): Promise<string> => {
  const iat = Math.floor(Date.now() / 1000)
  const jti = randomBytes(16).toString('base64url')
  return new SignJWT({ ...claims, iat, exp: iat + TTL_SECONDS, jti })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
    .sign(privateKey)
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const handler = ({ clientId, secret, claims }: BareServerSetup) => {
  const hashes = new Map([[clientId, sha256(secret)]])
  return async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await readBody(request))
    const known = authenticate(request.headers.authorization ?? '', hashes)
    if (!known || form.get('grant_type') !== 'client_credentials') {
      response.writeHead(401).end()
      return
    }
    const body = JSON.stringify({
      access_token: await sign(claims),
      token_type: 'Bearer',
      expires_in: TTL_SECONDS,
      scope: claims.scope,
    })
    response
      .writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'Cache-Control': 'no-store',
      })
      .end(body)
  }
}

process.once('message', (setup) => {
  const handle = handler(setup as BareServerSetup)
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    const { pid } = process
    process.send?.({ port, pid, jwks: { keys: [{ ...jwk, kid, alg: 'RS256' }] } } satisfies Running)
  })
})
// The process exits when the benchmark's process does, even if that one is killed.
process.once('disconnect', () => process.exit())
