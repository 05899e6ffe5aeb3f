import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'

/** The server's log: JSON lines on standard output. `flush` writes what is still held back, at the end. */
export const createLog = (level: Config['logLevel']): { log: Log; flush: () => void } => {
  const stream = destination({ fd: 1, sync: false })
  return { log: createLogTo(stream, level), flush: () => stream.flushSync() }
}

export const createLogTo = (stream: DestinationStream, level: Config['logLevel']): Log =>
  pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, stream)
