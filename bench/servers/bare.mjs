// Least work of a token endpoint, on node:http: parses the form, authenticates the client, signs. It has no database, no
// log and no rules. One process signs on the thread pool, several processes sign synchronously.
import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { TTL_SECONDS, createAuthentication, readBody, serve } from './serve.mjs'

const signInThePool = promisify(sign)
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

const createSigner = ({ claims, privateKey, kid, processes }) => {
  const key = createPrivateKey(privateKey)
  const header = encode({ alg: 'RS256', typ: 'at+jwt', kid })
  return async () => {
    const iat = Math.floor(Date.now() / 1000)
    const jti = randomBytes(16).toString('base64url')
    const input = `${header}.${encode({ ...claims, iat, exp: iat + TTL_SECONDS, jti })}`
    const data = Buffer.from(input)
    const signature =
      processes > 1 ? sign('sha256', data, key) : await signInThePool('sha256', data, key)
    return `${input}.${signature.toString('base64url')}`
  }
}

await serve((setup) => {
  const authenticates = createAuthentication(setup)
  const createToken = createSigner(setup)
  const answer = async (request, response) => {
    const form = new URLSearchParams(await readBody(request))
    const known = authenticates(request.headers.authorization)
    if (!known || form.get('grant_type') !== 'client_credentials') {
      response.writeHead(401).end()
      return
    }
    const body = JSON.stringify({
      access_token: await createToken(),
      token_type: 'Bearer',
      expires_in: TTL_SECONDS,
      scope: setup.claims.scope,
    })
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
    }
    response.writeHead(200, headers).end(body)
  }
  return (request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  }
})
