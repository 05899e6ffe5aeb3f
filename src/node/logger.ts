// The log of a process: JSON lines on standard output.
import { createRequire } from 'node:module'
import type { DestinationStream } from 'pino'
import type { Config } from '../config.ts'
import { LOG_FLUSH_TIMEOUT_MS } from '../constants.ts'
import type { Log } from '../log.ts'
import { escapeJson } from '../text/text.ts'
import { type LineWriter, createLineWriter } from './line-writer.ts'

const STDOUT = 1
const STDERR = 2

/** Log of a server process. */
export type ServerLog = Log & {
  /** Waits for lines that are not written yet, up to LOG_FLUSH_TIMEOUT_MS. */
  flush(): Promise<void>
}

/** Creates a log on standard output. */
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

/** Creates the log of a command on standard error, which has errors only. Most commands write none, and load no pino. */
export const createCommandLog = (): Log => {
  let log: Log | null = null
  return {
    debug() {},
    info() {},
    warn() {},
    error(fields, message) {
      log ??= createLogTo(linesTo(STDERR), 'error')
      log.error(fields, message)
    },
  }
}

export const createLogTo = (stream: DestinationStream, level: Config['logLevel']): Log => {
  // An `import()` would write the first line after later output of the process.
  const load = createRequire(import.meta.url)
  const { pino, stdTimeFunctions } = load('pino') as typeof import('pino')
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    { write: (line) => stream.write(escapeJson(line)) },
  )
}

/**
 * Creates a writer that no request waits for. Lines whose reader stalls are kept up to a limit, then dropped and counted,
 * and a later line gives the number. A write that fails (a full disk, a reader that has ended) is reported once on
 * standard error and loses its lines. The server keeps running, and later lines are written when there is room again.
 */
export const linesTo = (descriptor: number): LineWriter => {
  const standardError = () => createLineWriter(STDERR, { dropped: () => '', onFailure: () => {} })
  return createLineWriter(descriptor, {
    dropped(lines) {
      const line = {
        level: 40,
        time: new Date().toISOString(),
        lines,
        msg: 'log lines were dropped',
      }
      return `${JSON.stringify(line)}\n`
    },
    onFailure: (code) => standardError().write(`latchkey: the log cannot be written: ${code}\n`),
  })
}
