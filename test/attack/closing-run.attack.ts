// Runs all attacks one after the other against one server. It must not become slow, run out of memory or end.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ATTACKS } from './attacks/index.ts'
import {
  CLIENT_COLD_START_FACTOR,
  COLD_START_FACTOR,
  CONNECTION_BYTES,
  LIVE_FOLLOWERS,
  RESIDENT_BYTES,
  REVOCATION_P99_MS,
  TRIES,
} from './bounds.ts'
import { forgetPeak, peakBytes, residentBytes } from './process-cost.ts'
import { type Stage, setStage } from './stage.ts'

/** Time after which an attack is at its height, in milliseconds. */
const WARM_UP_MS = 1_000
const MEBIBYTE = 1024 * 1024
/** Memory that any requests leave until it is collected, in bytes: the same for one connection and for many. */
const GARBAGE_BYTES = 64 * MEBIBYTE

let stage: Stage
/** Cold starts without an attack, in milliseconds. */
const quiet: number[] = []

const at = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? NaN
const median = (values: readonly number[]): number => at(values, 0.5)

const begin = async (): Promise<void> => {
  stage = await setStage()
  quiet.length = 0
  await stage.coldStart() // the first one compiles
  for (let i = 0; i < 5; i++) quiet.push(await stage.coldStart())
}
beforeAll(begin)
afterAll(() => stage.close())

/** A server that failed is no measure for the attacks after it. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  await stage.close()
  await begin()
})

type Figures = {
  p99: number
  /** Delays after an operator removes a permission from many clients at once. */
  taken: number
  coldStart: number
  perConnection: number
  peak: number
}

const measure = async (name: string): Promise<Figures> => {
  const { pid } = stage.server
  quiet.push(await stage.coldStart())
  forgetPeak(pid)
  const before = residentBytes(pid)
  const hostile = await stage.attack(name)
  await sleep(WARM_UP_MS)
  const colds = [await stage.coldStart(), await stage.coldStart(), await stage.coldStart()]
  const delays = await stage.revocations()
  const taken = await stage.takings()
  await hostile.end()
  const peak = peakBytes(pid)
  return {
    p99: at(delays, 0.99),
    taken: at(taken, 0.99),
    coldStart: median(colds) / median(quiet),
    perConnection: Math.max(0, peak - before - GARBAGE_BYTES) / (ATTACKS[name]?.connections ?? 1),
    peak,
  }
}

const isWithin = ({ p99, coldStart, peak }: Figures, factor: number): boolean =>
  p99 < REVOCATION_P99_MS && coldStart <= factor && peak < RESIDENT_BYTES

const print = (name: string, { p99, taken, coldStart, perConnection, peak }: Figures): void => {
  const sizes = [perConnection, peak].map((bytes) => (bytes / MEBIBYTE).toFixed(1))
  console.log(
    `${name}: revocations p99 ${Math.round(p99)} ms, of 30 clients ${Math.round(taken)} ms, cold start x${coldStart.toFixed(2)} of ` +
      `${Math.round(median(quiet))} ms, ${sizes[0]} MiB a connection, ${sizes[1]} MiB at most`,
  )
}

describe(`attacks on a server with ${LIVE_FOLLOWERS} live followers`, () => {
  const attacks = Object.entries(ATTACKS).map(([name, attack]) => ({ name, ...attack }))

  it.each(attacks)('$name: $says', async ({ name, needsClient }) => {
    const factor = needsClient ? CLIENT_COLD_START_FACTOR : COLD_START_FACTOR
    let figures = await measure(name)
    print(name, figures)
    for (let tries = 1; tries < TRIES && !isWithin(figures, factor); tries++) {
      figures = await measure(name)
      print(name, figures)
    }
    expect.soft(figures.p99, 'milliseconds of a revocation').toBeLessThan(REVOCATION_P99_MS)
    expect
      .soft(figures.taken, 'milliseconds of a permission that is taken')
      .toBeLessThan(REVOCATION_P99_MS)
    expect.soft(figures.coldStart, 'of a cold start').toBeLessThanOrEqual(factor)
    expect.soft(figures.perConnection, 'bytes a connection').toBeLessThan(CONNECTION_BYTES)
    expect.soft(figures.peak, 'bytes in all').toBeLessThan(RESIDENT_BYTES)
    expect(await stage.call.kids()).not.toEqual([])
  })
})
