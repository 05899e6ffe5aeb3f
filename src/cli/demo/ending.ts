// The end of the demo, also where it is interrupted: what it has started ends in the reverse order.
import { isReaderGone } from '../../node/streams.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

export type Ending = {
  /** Keeps what ends something for the end; from then on it is called at once. */
  add(end: () => unknown): Promise<void>
  /** Calls what was kept, the last first. */
  run(): Promise<void>
}

export const createEnding = (): Ending => {
  const ends: (() => unknown)[] = []
  let ending = false
  return {
    async add(end) {
      if (ending) await end()
      else ends.push(end)
    },
    async run() {
      ending = true
      for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
    },
  }
}

export type Interruption = {
  /** Settles with the signal, or with null where nobody reads standard output any more. */
  readonly happened: Promise<NodeJS.Signals | null>
  /** Gives signals back their usual effect. */
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
