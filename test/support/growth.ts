// Checks that processor time grows linearly: an input of four times the size costs about four times the time. Quadratic
// work costs sixteen times the time in every try. The bound of ten and the five tries leave room for noise.
import { expect } from 'vitest'

const MAX_GROWTH = 10
const TRIES = 5
/** Processor time in milliseconds below which a measurement is noise. */
const LEAST_CPU_MS = 0.2

export type Work = () => unknown

const cpuMs = async (work: Work): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** Minimum of five measurements, because noise only adds time. */
const least = async (prepare: () => Work | Promise<Work>): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < 5; i++) times.push(await cpuMs(await prepare()))
  return Math.min(...times)
}

/** @param prepare makes work on an input of a size; its own processor time is not measured */
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
