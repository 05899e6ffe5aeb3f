// Lets one process at a time build a folder. The lock is a file that names its process. A process that was killed leaves
// the file behind, and holds nothing up: the next process replaces a file whose process has ended.
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Pause before the next try while another process builds, in milliseconds. */
const PAUSE_MS = 200

const HAS_PROC = existsSync('/proc/self/stat')

const attempt = (read) => {
  try {
    return read()
  } catch {
    return undefined
  }
}

const textOf = (path) => attempt(() => readFileSync(path, 'utf8'))

const isRunning = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM' // a process of another user
  }
}

/**
 * Names a running process. On Linux the name has the start of the process and of the machine, because a container gives
 * the same ids at each start. Elsewhere it is the id alone.
 * @returns undefined for a process that has ended
 */
export const nameOf = (pid) => {
  if (!HAS_PROC) return isRunning(pid) ? String(pid) : undefined
  const stat = textOf(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // Fields behind the name of the program, which may contain spaces and brackets (proc(5)): 3 state, 22 start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${pid} ${fields[19]} ${textOf('/proc/sys/kernel/random/boot_id')?.trim()}`
}

/** @returns the id of the process that the text of a lock names; undefined if it has ended */
const holderOf = (text) => {
  const pid = Number.parseInt(text, 10)
  return pid > 0 && pid !== process.pid && nameOf(pid) === text ? pid : undefined
}

/** Removes a lock whose process has ended. Another process may have replaced it meanwhile: that lock is put back. */
const removeStale = (path, text) => {
  const aside = `${path}.${process.pid}.stale`
  if (attempt(() => renameSync(path, aside) ?? true) === undefined) return
  if (textOf(aside) !== text) attempt(() => linkSync(aside, path))
  rmSync(aside, { force: true })
}

const sleep = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)

/**
 * Waits until this process has the lock. A file system without hard links has no lock.
 * @param onWait called once with the id of the process that builds
 * @returns a function that releases the lock
 */
export const acquire = (path, onWait, pause = sleep) => {
  const name = nameOf(process.pid)
  const own = `${path}.${process.pid}`
  writeFileSync(own, name)
  const release = () => textOf(path) === name && rmSync(path, { force: true })
  try {
    for (let waitsFor; ;) {
      try {
        linkSync(own, path) // creates the lock with its text, or fails
        return release
      } catch (error) {
        if (error.code !== 'EEXIST') return () => {}
      }
      const text = textOf(path)
      if (text === undefined) continue
      const holder = holderOf(text)
      if (holder === undefined) {
        removeStale(path, text)
        continue
      }
      if (waitsFor !== holder) onWait(holder)
      waitsFor = holder
      pause()
    }
  } finally {
    rmSync(own, { force: true })
  }
}
