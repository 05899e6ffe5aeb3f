// Reasons to stop a server: a signal, or the end of npm if npm has started it.
import { readFileSync } from 'node:fs'
import { PARENT_CHECK_MS } from '../constants.ts'
import type { Log } from '../log.ts'

export type StopOptions = {
  log: Log
  /** True if the server stops with its parent process: npm and npx pass on few signals, and leave the server running. */
  withParent: boolean
}

/** Settles at the first signal to stop, or with `withParent` when the parent process has ended. */
export const stopReason = ({ log, withParent }: StopOptions): Promise<void> => {
  const reasons = withParent ? [stopSignal(), parentGone(log)] : [stopSignal()]
  return Promise.race(reasons)
}

/**
 * Settles when npm has ended: the system then gives this process another parent. A script that starts the server in the
 * background has ended before this call, so its server keeps running.
 */
const parentGone = (log: Pick<Log, 'info'>): Promise<void> => {
  const parent = process.ppid
  const aboveShell = parentOfShell(parent)
  const isGone = (): boolean => {
    if (process.ppid !== parent) return true
    const above = aboveShell === null ? null : parentOfShell(parent)
    return above !== aboveShell && above !== null
  }
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!isGone()) return
      clearInterval(timer)
      log.info({ parent }, 'npm started this server and has ended without it: the server stops')
      resolve()
    }, PARENT_CHECK_MS).unref()
  })
}

/**
 * Returns the parent of a shell that runs one command (`sh -c`): npx keeps such a shell between itself and the server.
 * Returns null for every other process, and on systems without /proc, which is all but Linux.
 */
const parentOfShell = (pid: number): number | null => {
  try {
    const [, flag] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (flag !== '-c') return null
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(parent)
  } catch {
    return null // no /proc, or no free descriptor
  }
}

export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/**
 * A signal that arrives twice within this time counts once, in milliseconds: the terminal sends Ctrl-C to the server, and
 * npm passes it on. A shell does the same with SIGHUP.
 */
const SAME_SIGNAL_MS = 500

/**
 * Settles at the first signal to stop. The same signal later than SAME_SIGNAL_MS ends the process at once, as without a
 * handler. Two different signals do not: Ctrl-C reaches the workers as SIGINT, and the primary then sends SIGTERM.
 */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    const firstAt = new Map<NodeJS.Signals, number>()
    const receive = (signal: NodeJS.Signals): void => {
      resolve()
      const first = firstAt.get(signal)
      if (first === undefined) firstAt.set(signal, performance.now())
      else if (performance.now() - first > SAME_SIGNAL_MS) {
        process.off(signal, receive)
        process.kill(process.pid, signal)
      }
    }
    for (const signal of STOP_SIGNALS) process.on(signal, receive)
  })
