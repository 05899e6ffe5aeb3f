// The server of `server.ts` over real HTTP, at an address of its own.
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createApp } from '../../src/app.ts'
import { drain } from '../../src/node/http/http-server.ts'
import { startServer } from './server.ts'

/** Starts a server whose issuer is its address. The caller closes it at the end of the file. */
export const startListeningServer = async () => {
  let app: ReturnType<typeof createApp> | undefined
  const fetch = (request: Request) => app?.fetch(request) ?? new Response(null, { status: 503 })
  const http = serve({ fetch, hostname: '127.0.0.1', port: 0 }) as Server
  if (!http.listening) await once(http, 'listening')
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const server = await startServer({ issuer })
  app = createApp(server.deps)
  return { issuer, server, close: () => drain(http) }
}
