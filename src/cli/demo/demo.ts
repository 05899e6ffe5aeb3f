// `latchkey demo`: all steps against a real server over real HTTP, on a temporary database.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAudience } from '../../admin/audiences.ts'
import { SHELL } from '../../admin/authority.ts'
import { loadConfig } from '../../config.ts'
import { startServer } from '../../node/serve.ts'
import { openLatchkey } from '../../node/open.ts'
import { type Cleanup, createCleanup, listenForInterruption } from './cleanup.ts'
import { type Example, startResourceServer } from './resource-servers.ts'
import { runStory } from './story.ts'

/** Runs to its end, or to a signal, which then ends the process. Ends every process and removes every file of its own. */
export const demo = async (): Promise<void> => {
  const interruption = listenForInterruption()
  const cleanup = createCleanup()
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-demo-'))
  const removeFolder = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeFolder) // An error that no step catches ends the process.
  const steps = runIn(directory, cleanup)
  let signal: NodeJS.Signals | null | void = null
  try {
    signal = await Promise.race([steps, interruption.happened])
  } finally {
    await cleanup.run()
    await steps.catch(() => {}) // a step fails without its servers; a server that it starts now ends at once
    removeFolder()
    process.off('exit', removeFolder)
    interruption.stop()
  }
  if (signal) process.kill(process.pid, signal)
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

const runIn = async (directory: string, cleanup: Cleanup): Promise<void> => {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const config = loadConfig({
    LATCHKEY_ISSUER: issuer,
    LATCHKEY_PORT: String(port),
    LATCHKEY_DATABASE_URL: `file:${join(directory, 'latchkey.db')}`,
    LATCHKEY_KEYS_DIR: join(directory, 'keys'),
  })
  const server = await startServer(config, SILENT)
  await cleanup.add(() => server.close())
  const opened = await openLatchkey({
    config,
    clock: () => Date.now(),
    log: SILENT,
    actor: 'demo',
    create: false,
  })
  await cleanup.add(() => opened.store.close())
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
    keyRotationSeconds: null,
    host: null,
    ledger: null,
  }
  const call = {
    deps,
    as: { actor: 'demo' },
    authority: SHELL,
    ifMatch: null,
    reauthorize: async () => SHELL,
  }
  await createAudience(call, { id: 'player', permissions: [{ name: 'player:play', implies: [] }] })
  await createAudience(call, { id: 'tools', permissions: [{ name: 'tools:use', implies: [] }] })
  const serverOf = async (example: Example) =>
    await startResourceServer({ example, issuer, port: await freePort(), directory, cleanup })
  const [gateway, player, tools] = await Promise.all([
    serverOf('hook-gateway'),
    serverOf('playlist-player'),
    serverOf('agent-run'),
  ])
  await runStory({ server: `http://127.0.0.1:${port}`, gateway, player, tools, issuer, call })
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
