// How CPU grows with the size of an input: four times as much costs about four times the CPU. Quadratic work costs
// sixteen times as much in every try; the bound of ten and five tries leave room for noise.
import { expect } from 'vitest'

const MAX_GROWTH = 10
const TRIES = 5
/** Less is noise, in milliseconds. */
const LEAST_CPU_MS = 0.2

export type Work = () => unknown

const cpuMs = async (work: Work): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** The least of a few: noise only adds. */
const least = async (prepare: () => Work | Promise<Work>): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < 5; i++) times.push(await cpuMs(await prepare()))
  return Math.min(...times)
}

/** @param prepare makes work on an input of a size; its own CPU does not count */
export const expectLinear = async (
  size: number,
  prepare: (size: number) => Work | Promise<Work>,
): Promise<void> => {
  let growth = Infinity
  for (let tries = 0; tries < TRIES && growth >= MAX_GROWTH; tries++) {
    const small = await least(() => prepare(size))
    const large = await least(() => prepare(4 * size))
    growth = Math.min(growth, large / Math.max(small, LEAST_CPU_MS))
  }
  expect(growth).toBeLessThan(MAX_GROWTH)
}
