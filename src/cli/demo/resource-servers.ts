// The demo's resource servers: the servers of `examples/`, each in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from './cleanup.ts'

export type Example = 'agent-run' | 'hook-gateway' | 'playlist-player'

const program = (example: Example): string =>
  fileURLToPath(new URL(`../../../examples/${example}/server.mjs`, import.meta.url))

/** Time that a resource server has to stop before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 2_000

type Options = {
  example: Example
  issuer: string
  port: number
  /** The demo's folder, which a resource server removes if the demo is killed. */
  directory: string
  cleanup: Cleanup
}

/** URL of the module that ends a resource server after the demo. Its compiled file is used: Node loads it directly. */
const orphanModule = (directory: string): string => {
  const url = new URL('./orphan.js', import.meta.url)
  url.searchParams.set('directory', directory)
  return url.href
}

/** Settles with its URL once it answers. @throws Error if it ends instead */
export const startResourceServer = async (options: Options): Promise<string> => {
  const { example, issuer, port, directory, cleanup } = options
  const child = spawn(process.execPath, ['--import', orphanModule(directory), program(example)], {
    env: { ISSUER: issuer, PORT: String(port) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => {}) // the process may have ended
  const ended = once(child, 'exit')
  await cleanup.add(async () => {
    child.kill()
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(limit)
  })
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('a resource server did not start'))),
  ])
  return `http://127.0.0.1:${port}`
}
