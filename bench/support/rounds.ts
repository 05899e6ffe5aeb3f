// Rounds of load: the contestants run in turns, so that other load on the machine affects all of them.
import { CONNECTIONS, load } from './load.ts'
import { processorMs, treeOf } from './proc.ts'
import type { Target } from './requests.ts'
import { median, pairedRatio } from './statistics.ts'

export type Length = { rounds: number; seconds: number; warmUpSeconds: number }

export const lengthOf = (quick: boolean): Length =>
  quick ? { rounds: 2, seconds: 1, warmUpSeconds: 1 } : { rounds: 5, seconds: 2, warmUpSeconds: 3 }

/** `pid` is the server's first process: its children count as well. */
export type Contestant = { name: string; pid: number; target: Target }

export type Figures = {
  name: string
  perSecond: number[]
  p50: number[]
  p99: number[]
  cpuMs: number[]
  /** Message of the error after which the contestant was left out: it has no figures then. */
  failure?: string
}

/** Figures before the first round. */
export const figuresOf = (name: string): Figures => {
  return { name, perSecond: [], p50: [], p99: [], cpuMs: [] }
}

/** Leaves the contestant out, and keeps the others. */
const attempt = async (figures: Figures, work: () => Promise<void>): Promise<void> => {
  if (figures.failure !== undefined) return
  try {
    await work()
  } catch (error) {
    figures.failure = error instanceof Error ? error.message : String(error)
    for (const values of [figures.perSecond, figures.p50, figures.p99, figures.cpuMs]) {
      values.length = 0
    }
  }
}

const oneRound = async (contestant: Contestant, seconds: number, figures: Figures) => {
  const pids = treeOf(contestant.pid)
  const before = processorMs(pids)
  const result = await load(contestant.target, seconds)
  const after = processorMs(pids)
  if (result.failed > 0 || result.requests === 0) {
    throw new Error(`${result.failed} failures, ${result.requests} answers`)
  }
  figures.perSecond.push(result.perSecond)
  figures.p50.push(result.p50)
  figures.p99.push(result.p99)
  figures.cpuMs.push((after - before) / result.requests)
}

/** Warms each contestant up, then measures them in turns. The direction alternates with each round. */
export const measureRounds = async (
  contestants: readonly Contestant[],
  { rounds, seconds, warmUpSeconds }: Length,
): Promise<Figures[]> => {
  const figures = contestants.map(({ name }) => figuresOf(name))
  for (const [i, { target }] of contestants.entries()) {
    await attempt(figures[i]!, async () => void (await load(target, warmUpSeconds)))
  }
  for (let round = 0; round < rounds; round++) {
    const order = [...contestants.keys()]
    for (const i of round % 2 === 0 ? order : order.toReversed()) {
      const of = figures[i]!
      await attempt(of, () => oneRound(contestants[i]!, seconds, of))
    }
  }
  return figures
}

/** Ratio of the rates of two contestants, by rounds. */
export const rateRatio = (of: Figures, to: Figures): number =>
  pairedRatio(of.perSecond, to.perSecond)

/** Notes about contestants that were left out. */
export const failuresOf = (figures: readonly Figures[]): string[] =>
  figures.flatMap(({ name, failure }) =>
    failure === undefined ? [] : [`${name} failed and has no figures: ${failure}`],
  )

export const COLUMNS = ['', 'requests/s', 'CPU ms each', 'p50 ms', 'p99 ms']

export const rowOf = ({ name, perSecond, cpuMs, p50, p99 }: Figures): string[] => [
  name,
  Math.round(median(perSecond)).toLocaleString('en'),
  median(cpuMs).toFixed(3),
  median(p50).toFixed(1),
  median(p99).toFixed(1),
]

export const described = ({ rounds, seconds }: Length): string =>
  `${rounds} rounds of ${seconds} s in turns, ${CONNECTIONS} connections; medians`
