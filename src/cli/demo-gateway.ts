// The demo's resource servers: those of the examples, each in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = (example: string): string =>
  fileURLToPath(new URL(`../../examples/${example}/server.mjs`, import.meta.url))

type Options = {
  example: 'agent-run' | 'hook-gateway' | 'playlist-player'
  issuer: string
  port: number
}

export type Gateway = { url: string; stop: () => Promise<void> }

/** Settles once it answers. @throws Error where it ends instead */
export const startGateway = async ({ example, issuer, port }: Options): Promise<Gateway> => {
  const child = spawn(process.execPath, [program(example)], {
    env: { ISSUER: issuer, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('a resource server did not start'))),
  ])
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill()
      await ended
    },
  }
}
