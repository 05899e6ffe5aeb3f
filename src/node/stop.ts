// Waits for the end of a server: a signal, or the end of npm where npm has started it.
import { readFileSync } from 'node:fs'
import { PARENT_CHECK_MS } from '../constants.ts'
import type { Log } from '../log.ts'

export type StopOptions = {
  log: Log
  /** True if the server stops with its parent process: npm and npx pass on few signals, and leave the server behind. */
  withParent: boolean
}

/** Settles at the first signal to stop, or once the parent has ended where that counts. */
export const stopReason = ({ log, withParent }: StopOptions): Promise<void> => {
  const reasons = withParent ? [stopSignal(), parentGone(log)] : [stopSignal()]
  return Promise.race(reasons)
}

/**
 * Settles once npm has ended: the system gives an orphan another parent. A script that starts the server in the
 * background has ended before this is called, so that its server goes on.
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
      log.info({ parent }, 'npm has ended without this server, which it started: the server stops')
      resolve()
    }, PARENT_CHECK_MS).unref()
  })
}

/**
 * The parent of a shell that runs one command (`sh -c`): npx keeps one between itself and the server. Linux alone has it
 * to read.
 * @returns null for any other process, and where it cannot be read
 */
const parentOfShell = (pid: number): number | null => {
  try {
    const [, flag] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (flag !== '-c') return null
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(parent)
  } catch {
    return null // no /proc, or no descriptor to spare
  }
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/**
 * A signal that comes again within this time was sent once, in milliseconds: npm passes Ctrl-C on to a process that
 * the terminal has told as well, and a shell its SIGHUP.
 */
const SAME_SIGNAL_MS = 500

/**
 * Settles at the first signal to stop; the same signal again, later than `SAME_SIGNAL_MS`, ends the process as it
 * would without us. One of each does not: Ctrl-C reaches the workers, too, and then the primary tells them to stop.
 */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    const firstAt = new Map<NodeJS.Signals, number>()
    const hear = (signal: NodeJS.Signals): void => {
      resolve()
      const first = firstAt.get(signal)
      if (first === undefined) firstAt.set(signal, performance.now())
      else if (performance.now() - first > SAME_SIGNAL_MS) {
        process.off(signal, hear)
        process.kill(process.pid, signal)
      }
    }
    for (const signal of STOP_SIGNALS) process.on(signal, hear)
  })
