// `latchkey demo`: the whole story against a real server over real HTTP, on a database that is thrown away.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAudience } from '../admin/audiences.ts'
import { SHELL } from '../admin/authority.ts'
import { loadConfig } from '../config.ts'
import { startServer } from '../node/serve.ts'
import { openLatchkey } from '../node/open.ts'
import { startGateway } from './demo-gateway.ts'
import { tell } from './demo-story.ts'

export const demo = async (): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-demo-'))
  try {
    await tellIn(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

const tellIn = async (directory: string): Promise<void> => {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const config = loadConfig({
    LATCHKEY_ISSUER: issuer,
    LATCHKEY_PORT: String(port),
    LATCHKEY_DATABASE_URL: `file:${join(directory, 'latchkey.db')}`,
    LATCHKEY_KEYS_DIR: join(directory, 'keys'),
  })
  const server = await startServer(config, SILENT)
  const opened = await openLatchkey({
    ...{ config, clock: () => Date.now(), log: SILENT, actor: 'demo', create: false },
  })
  const deps = {
    ...opened,
    issuer,
    log: SILENT,
    clock: () => Date.now(),
    monotonic: () => performance.now(),
    random: randomBytes,
    tokenTtlSeconds: config.tokenTtlSeconds,
    algorithms: config.algorithms,
    metrics: null,
    ledger: null,
  }
  const admin = {
    ...{ deps, as: { actor: 'demo' }, authority: SHELL, ifMatch: null },
    reauthorize: async () => SHELL,
  }
  await createAudience(admin, { id: 'player', permissions: [{ name: 'player:play', implies: [] }] })
  await createAudience(admin, { id: 'tools', permissions: [{ name: 'tools:use', implies: [] }] })
  const serverOf = async (example: Parameters<typeof startGateway>[0]['example']) =>
    await startGateway({ example, issuer, port: await freePort() })
  const [gateway, player, tools] = await Promise.all([
    serverOf('hook-gateway'),
    serverOf('playlist-player'),
    serverOf('agent-run'),
  ])
  try {
    await tell({
      server: `http://127.0.0.1:${port}`,
      gateway: gateway.url,
      player: player.url,
      tools: tools.url,
      issuer,
      admin,
    })
  } finally {
    await Promise.all([gateway, player, tools].map((each) => each.stop()))
    await opened.store.close()
    await server.close()
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
