// The folder of temporary files, in memory where the system has such a folder (`/dev/shm`) with room: the store waits
// for the disk at every commit, which is most of the time of tests that write.
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const IN_MEMORY = '/dev/shm'
/** In bytes. A whole run writes about 200 MiB; containers often have 64 MiB. */
const ROOM = 2 ** 30

const hasRoom = (): boolean => {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY)
    return bavail * bsize >= ROOM
  } catch {
    return false
  }
}

/** For the variable TMPDIR of the tests. */
export const FOLDER = join(hasRoom() ? IN_MEMORY : tmpdir(), `latchkey-${process.pid}`)

export const setup = (): void => void mkdirSync(FOLDER, { recursive: true })
export const teardown = (): void => rmSync(FOLDER, { recursive: true, force: true })
