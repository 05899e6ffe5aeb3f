// Start of a comparison server: it receives the client and the claims from the benchmark, listens on a free port of
// 127.0.0.1, and sends the port and the public key back. It exits with the benchmark, even if that one is killed.
import cluster from 'node:cluster'
import { createHash, createPublicKey, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

/** Lifetime of the tokens of all comparison servers, in seconds: the default of Latchkey. */
export const TTL_SECONDS = 900

/** A kept connection must survive the pause between two rounds. */
const KEEP_ALIVE_MS = 65_000

const sha256 = (text) => createHash('sha256').update(text).digest()

/** Finds the client of a Basic header in a Map, and compares the SHA-256 of its secret in constant time. */
export const createAuthentication = ({ clientId, secret }) => {
  const hashes = new Map([[clientId, sha256(secret)]])
  return (authorization = '') => {
    const text = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()
    const colon = text.indexOf(':')
    const hash = hashes.get(text.slice(0, colon))
    return hash !== undefined && timingSafeEqual(hash, sha256(text.slice(colon + 1)))
  }
}

export const readBody = async (request) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Public key as a JWKS, for the benchmark's check of the tokens. */
export const jwksOf = ({ privateKey, kid }) => {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  return { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] }
}

const listen = (server) =>
  new Promise((resolve) => {
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })

/** A worker has the setup in its environment: a message could arrive before its modules are loaded. */
const setup = cluster.isWorker
  ? JSON.parse(process.env.BENCH_SETUP)
  : await new Promise((resolve) => process.once('message', resolve))
process.once('disconnect', () => process.exit())

/** Starts workers that share a port. */
const startWorkers = async (count) => {
  const ports = Array.from({ length: count }, async () => {
    const worker = cluster.fork({ BENCH_SETUP: JSON.stringify(setup) })
    return new Promise((resolve) => worker.once('message', ({ port }) => resolve(port)))
  })
  const [port] = await Promise.all(ports)
  return port
}

/**
 * @param createHandler receives the setup (`clientId`, `secret`, `claims`, `privateKey` as PEM, `kid`), and returns the
 *   listener of node:http, or `{ listener, jwks }` where the server makes its own key
 */
export const serve = async (createHandler) => {
  if (cluster.isPrimary && setup.processes > 1) {
    process.send({ port: await startWorkers(setup.processes), jwks: jwksOf(setup) })
    return
  }
  const created = await createHandler(setup)
  const { listener = created, jwks = jwksOf(setup) } = created
  process.send({ port: await listen(createServer(listener)), jwks })
}
