// Processor time and memory of a process, as Linux counts them (proc(5)).
import { readFileSync, writeFileSync } from 'node:fs'

/** Milliseconds of a tick: USER_HZ is 100 on every Linux. */
const MS_PER_TICK = 10

/** Processor time of all threads so far, in milliseconds. */
export const cpuMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Fields after the name, which may hold spaces. The name is the 2nd field, utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

const kilobytes = (pid: number, name: string): number => {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm')
  return Number(line.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** Resident memory now, in bytes. */
export const residentBytes = (pid: number): number => kilobytes(pid, 'VmRSS') * 1024

/** The most resident memory since the start, or since `forgetPeak`, in bytes. */
export const peakBytes = (pid: number): number => kilobytes(pid, 'VmHWM') * 1024

export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')
