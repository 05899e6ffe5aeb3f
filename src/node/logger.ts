import { type DestinationStream, pino, stdTimeFunctions } from 'pino'
import type { Config } from '../config.ts'
import { LOG_FLUSH_TIMEOUT_MS } from '../constants.ts'
import type { Log } from '../log.ts'
import { escapeJson } from '../text/text.ts'
import { type Sink, createSink } from './sink.ts'

const STDOUT = 1
const STDERR = 2

/** The log of a server process, and what its end waits for. */
export type ServerLog = Log & {
  /** Waits for lines that are not written yet, within a time limit. */
  flush(): Promise<void>
}

/** JSON lines on standard output. */
export const createLog = (level: Config['logLevel']): ServerLog => {
  const lines = linesTo(STDOUT)
  const log = createLogTo(lines, level)
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    flush: () => lines.flush(LOG_FLUSH_TIMEOUT_MS),
  }
}

export const createLogTo = (stream: DestinationStream, level: Config['logLevel']): Log =>
  pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    { write: (line) => stream.write(escapeJson(line)) },
  )

/**
 * No request waits for the log. Lines that its reader does not take are kept within a bound, then dropped and
 * counted: a later line says how many. A write that fails (a full disk, a reader that is gone) is said once on
 * standard error, its lines are lost and the work goes on; with room again the lines go on, too.
 */
export const linesTo = (descriptor: number): Sink => {
  const complaints = () => createSink(STDERR, { lost: () => '', onFailure: () => {} })
  return createSink(descriptor, {
    lost(lines) {
      const line = {
        level: 40,
        time: new Date().toISOString(),
        lines,
        msg: 'log lines were dropped',
      }
      return `${JSON.stringify(line)}\n`
    },
    onFailure: (code) => complaints().write(`latchkey: the log cannot be written: ${code}\n`),
  })
}
