// Loaded by resource-servers.ts into each resource server of the demo. A demo that is killed with SIGKILL cannot clean up:
// standard input of its resource servers ends then, and they remove its folder and exit.
import { rmSync } from 'node:fs'
import type { Socket } from 'node:net'

const directory = new URL(import.meta.url).searchParams.get('directory')

const end = (): void => {
  if (directory !== null) rmSync(directory, { recursive: true, force: true })
  process.exit(1)
}
process.stdin.once('end', end).once('error', end).resume()
const pipe = process.stdin as unknown as Socket
pipe.unref() // the pipe does not keep a stopping resource server alive
