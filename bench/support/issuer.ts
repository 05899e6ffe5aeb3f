// A place whose issuer is the server's own address, which followers request.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Place, newPlace } from './latchkey.ts'

/** The address must be known before the server starts: its tokens and its list contain it. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export const newIssuer = async (): Promise<{ issuer: string; place: Place }> => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const place = newPlace()
  Object.assign(place.env, { LATCHKEY_PORT: String(port), LATCHKEY_ISSUER: issuer })
  return { issuer, place }
}
