// Places: folders in which a test runs the command line and the server, each with its own database and variables.
import { randomInt } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEndOfFile } from './cleanups.ts'
import { runCommand } from './commands.ts'
import { execute } from './database.ts'

/** `environment` has all variables of the processes in this folder. */
export type Place = {
  directory: string
  port: number
  url: string
  environment: Record<string, string>
}

const directories: string[] = []

const removeDirectories = (): void => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}

/** Makes a folder that is removed at the end of the test file, after its processes have ended. */
export const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-process-'))
  // The first folder is made before the first process, and cleanups run in reverse order.
  if (directories.push(directory) === 1) atEndOfFile(removeDirectories)
  return directory
}

/** Makes a place without a database. */
export const newPlace = async (environment: Record<string, string> = {}): Promise<Place> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  return {
    directory: newDirectory(),
    port,
    url,
    environment: { LATCHKEY_PORT: String(port), LATCHKEY_ISSUER: url, ...environment },
  }
}

/** Folder after a first start, made once for a worker: its two RSA keys cost 0.25 s of a core. */
let seed: Promise<string> | undefined

const makeSeed = async (): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-seed-'))
  const command = { directory, environment: {}, args: ['migrate'], stdin: '' }
  const { code, stderr } = await runCommand(command)
  if (code !== 0) throw new Error(`the first start failed: ${stderr}`)
  return directory
}

/** Makes a place after its first start. All such places of a worker have the same keys and the same administrator. */
export const seededPlace = async (environment: Record<string, string> = {}): Promise<Place> => {
  const place = await newPlace(environment)
  cpSync(await (seed ??= makeSeed()), place.directory, { recursive: true })
  // A server warns of a stored clock that is more than a minute behind the wall clock.
  const now = Math.floor(Date.now() / 1000)
  const times = ['settled_at', 'latest_at', 'gap_since', 'ticked_at']
  execute(place, `update server_clock set ${times.map((name) => `${name} = ${now}`).join(', ')}`)
  return place
}

/** Returns the same place with further variables. */
export const withVariables = (place: Place, environment: Record<string, string>): Place => ({
  ...place,
  environment: { ...place.environment, ...environment },
})

/** Returns a place for a second server on the same database, with the same issuer. */
export const onAnotherPort = async (place: Place): Promise<Place> => {
  const port = await freePort()
  const other = { ...place, port, url: `http://127.0.0.1:${port}` }
  return withVariables(other, { LATCHKEY_PORT: String(port) })
}

/** Finds a free port below those that systems give to outgoing connections, so that no connection uses it meanwhile. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (free) return port
  }
}
