// Cleanup after the demo, also after an interruption: processes and servers end in the reverse order of their start.
import { isReaderGone } from '../../node/standard-streams.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

export type Cleanup = {
  /** Registers a step; once cleanup has begun, runs it at once. */
  add(step: () => unknown): Promise<void>
  /** Runs the registered steps, the last one first. */
  run(): Promise<void>
}

export const createCleanup = (): Cleanup => {
  const steps: (() => unknown)[] = []
  let isRunning = false
  return {
    async add(step) {
      if (isRunning) await step()
      else steps.push(step)
    },
    async run() {
      isRunning = true
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step()
    },
  }
}

export type Interruption = {
  /** Settles with the signal, or with null once the reader of standard output has closed it. */
  readonly happened: Promise<NodeJS.Signals | null>
  /** Restores the default effect of signals. */
  stop(): void
}

export const listenForInterruption = (): Interruption => {
  let interrupt: (signal: NodeJS.Signals | null) => void = () => {}
  const happened = new Promise<NodeJS.Signals | null>((resolve) => (interrupt = resolve))
  const onError = (error: unknown): void => {
    if (isReaderGone(error)) interrupt(null)
  }
  const onSignal = (signal: NodeJS.Signals): void => interrupt(signal)
  process.stdout.on('error', onError)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    happened,
    stop() {
      process.stdout.off('error', onError)
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
