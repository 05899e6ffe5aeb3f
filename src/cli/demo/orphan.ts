// Runs inside each resource server of the demo (resource-servers.ts loads it). A demo that is killed with SIGKILL ends
// nothing: the end of standard input tells its resource servers, which remove its folder and end themselves.
import { rmSync } from 'node:fs'
import type { Socket } from 'node:net'

const directory = new URL(import.meta.url).searchParams.get('directory')

const end = (): void => {
  if (directory !== null) rmSync(directory, { recursive: true, force: true })
  process.exit(1)
}
process.stdin.once('end', end).once('error', end).resume()
const pipe = process.stdin as unknown as Socket
pipe.unref() // a resource server that is told to stop waits for nothing else
