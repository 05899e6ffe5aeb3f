// Work that several requests wait for. It is done once for all of them, a few jobs at a time, in the order of the
// requests. A job that all its requests have left before its turn is not done.
import { Unavailable } from '../errors.ts'

export type Turns = {
  /**
   * Does the work with this name, or waits for a job of this name.
   * @param signal aborted when the client of the request is gone
   * @throws Unavailable where too many jobs wait, or the client is gone
   */
  run<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Number of jobs that wait for their turn. */
  readonly waiting: number
}

type Job = {
  name: string
  start: () => Promise<void>
  done: Promise<unknown>
  abandon: () => void
  askers: number
}

type Limits = { atATime: number; maxWaiting: number }

export const createTurns = ({ atATime, maxWaiting }: Limits): Turns => {
  const jobs = new Map<string, Job>()
  /** Jobs without a turn yet, in the order of the requests. */
  const waiting = new Set<Job>()
  let running = 0

  const startNext = (): void => {
    const [job] = waiting
    if (job === undefined || running >= atATime) return
    waiting.delete(job)
    running += 1
    void job.start().finally(() => {
      running -= 1
      jobs.delete(job.name)
      startNext()
    })
  }

  const add = (name: string, work: () => Promise<unknown>): Job => {
    if (waiting.size >= maxWaiting) throw new Unavailable('too_many_pages')
    let settle: (outcome: Promise<unknown>) => void = () => {}
    const done = new Promise<unknown>((resolve) => (settle = resolve))
    done.catch(() => {}) // the requests that wait report it
    const start = async (): Promise<void> => {
      const outcome = work()
      settle(outcome)
      await outcome.catch(() => {})
    }
    const abandon = (): void => settle(Promise.reject(new Unavailable('abandoned')))
    const job = { name, start, done, abandon, askers: 0 }
    jobs.set(name, job)
    waiting.add(job)
    return job
  }

  const leave = (job: Job): void => {
    job.askers -= 1
    if (job.askers > 0 || !waiting.delete(job)) return
    jobs.delete(job.name)
    job.abandon()
  }

  return {
    async run<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
      if (signal?.aborted) throw new Unavailable('abandoned')
      const job = jobs.get(name) ?? add(name, work)
      job.askers += 1
      const gone = (): void => leave(job)
      signal?.addEventListener('abort', gone)
      startNext()
      try {
        return (await job.done) as T
      } finally {
        signal?.removeEventListener('abort', gone)
      }
    },
    get waiting() {
      return waiting.size
    },
  }
}

/** Turns for Workers, where no request may wait for work of another request: each does its own, at once. */
export const createLonelyTurns = (): Turns => ({
  run: (_name, work) => work(),
  waiting: 0,
})
