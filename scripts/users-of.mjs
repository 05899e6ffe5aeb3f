// Finds the processes that run a script of a folder. A server starts its threads and workers from the same folder.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, isAbsolute, join, resolve, sep } from 'node:path'

const attempt = (read) => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Lists processes from `/proc` (Linux). The process may have ended, or belong to another user. */
const fromProc = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      pid: Number(pid),
      args: attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')) ?? [],
      cwd: attempt(() => readlinkSync(`/proc/${pid}/cwd`)),
    }))

/** Lists processes with `ps` (macOS, BSD), which joins the arguments and leaves the folder out. */
const fromPs = () =>
  attempt(() => execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' }))
    ?.split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, ...args]) => ({ pid: Number(pid), args, cwd: undefined }))

/** Entry points, by which a path relative to an unknown folder counts as a script of the folder. */
const ENTRIES = ['cli.js', 'node.js']

/** Returns whether an argument is a script of the folder. */
const isScriptOf = (folder, cwd) => (arg) => {
  if (!isAbsolute(arg) && cwd === undefined) {
    const isEntry = ENTRIES.some((name) => arg === join(basename(folder), name))
    return isEntry || arg.includes(`.bin${sep}latchkey`)
  }
  const path = attempt(() => realpathSync(resolve(cwd ?? sep, arg)))
  return path?.startsWith(folder + sep) ?? false
}

/** A process of a known folder counts whatever its program is called: Node.js can be renamed. */
const runsFrom = (folder, { args: [program = '', ...args], cwd }) =>
  (cwd !== undefined || basename(program).startsWith('node')) &&
  args.filter((arg) => arg !== '').some(isScriptOf(folder, cwd))

/** @returns their ids, or `undefined` on a system that lists no processes */
export const usersOf = (folder) => {
  const processes = existsSync(join('/proc', 'self', 'cmdline')) ? fromProc() : fromPs()
  const real = realpathSync(folder)
  return processes?.filter((found) => runsFrom(real, found)).map(({ pid }) => pid)
}
