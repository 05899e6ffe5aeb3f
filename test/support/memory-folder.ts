// Folder of temporary files. It is in memory if the system has a folder there (`/dev/shm`) with enough room: the store
// waits for the disk at every commit, which takes most of the time of tests that write.
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const IN_MEMORY = '/dev/shm'
/** Room that a whole run needs, in bytes. It writes about 200 MiB at a time; containers often have 64 MiB. */
const ROOM = 2 ** 30

const hasRoom = (): boolean => {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY)
    return bavail * bsize >= ROOM
  } catch {
    return false
  }
}

/** Value of TMPDIR in the tests. */
export const FOLDER = join(hasRoom() ? IN_MEMORY : tmpdir(), `latchkey-${process.pid}`)

export const setup = (): void => void mkdirSync(FOLDER, { recursive: true })
export const teardown = (): void => rmSync(FOLDER, { recursive: true, force: true })
