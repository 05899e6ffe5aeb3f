// The demo's resource servers: those of the examples, each in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ending } from './demo-ending.ts'

export type Example = 'agent-run' | 'hook-gateway' | 'playlist-player'

const program = (example: Example): string =>
  fileURLToPath(new URL(`../../examples/${example}/server.mjs`, import.meta.url))

/** How long a resource server has for its end, in milliseconds. */
const STOP_TIMEOUT_MS = 2_000

type Options = { example: Example; issuer: string; port: number; ending: Ending }

/** Settles with its URL once it answers. @throws Error where it ends instead */
export const startGateway = async ({ example, issuer, port, ending }: Options): Promise<string> => {
  const child = spawn(process.execPath, [program(example)], {
    env: { ISSUER: issuer, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await ending.add(async () => {
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
