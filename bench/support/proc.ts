// Processor time and memory of a process and its children, from the /proc of Linux. NaN on other systems.
import { readFileSync, readdirSync } from 'node:fs'

/** Ticks of `utime` and `stime`: USER_HZ is 100 on every Linux that Node supports. */
const MS_PER_TICK = 10
const KILOBYTES_PER_MEGABYTE = 1024

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // the process has ended, or the system has no /proc
  }
}

/** Fields of /proc/PID/stat from the third on: the second holds the name of the program, perhaps with spaces. */
const fieldsOf = (pid: number): string[] => {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const list = (): number[] => {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** @returns the process and all that descend from it */
export const treeOf = (root: number): number[] => {
  const parents = list().map((pid) => [pid, Number(fieldsOf(pid)[1])] as const)
  const tree = [root]
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child)
  }
  return tree
}

/** Processor time of all threads of the processes so far, in milliseconds. */
export const processorMs = (pids: readonly number[]): number => {
  const ticks = pids.map((pid) => {
    const [, , , , , , , , , , , user, system] = fieldsOf(pid)
    return Number(user ?? NaN) + Number(system ?? NaN)
  })
  return ticks.reduce((sum, of) => sum + of, 0) * MS_PER_TICK
}

const statusOf = (pids: readonly number[], field: string): number => {
  const kilobytes = pids.map((pid) =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(read(`/proc/${pid}/status`))?.[1] ?? NaN),
  )
  return kilobytes.reduce((sum, of) => sum + of, 0) / KILOBYTES_PER_MEGABYTE
}

/** Resident memory of the processes now, in megabytes. */
export const residentMegabytes = (pids: readonly number[]): number => statusOf(pids, 'VmRSS')

/** Most resident memory that each process has had, in megabytes. */
export const peakMegabytes = (pids: readonly number[]): number => statusOf(pids, 'VmHWM')
