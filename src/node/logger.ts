import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino'
import { type Audit, auditToLog } from '../audit.ts'
import type { Config } from '../config.ts'
import { MAX_BUFFERED_LOG_BYTES } from '../constants.ts'
import type { Log } from '../log.ts'

export type ServerLog = { log: Log; audit: Audit; flush: () => void }

/**
 * The server's log: JSON lines on standard output. Lines go out while requests are answered; audit events,
 * at any level, are written before whatever they report is answered.
 */
export const createLog = (level: Config['logLevel']): ServerLog => {
  const stream = openStream({ fd: 1, sync: false, maxLength: MAX_BUFFERED_LOG_BYTES })
  const flush = () => {
    try {
      stream.flushSync()
    } catch {
      // Said already: the stream has told of its first error.
    }
  }
  return {
    log: createLogTo(stream, level),
    audit: auditToLog(createLogTo(openStream({ fd: 1, sync: true }), 'info')),
    flush,
  }
}

/** A log that cannot be written is said once, on standard error; the work goes on. */
export const openStream = (options: Parameters<typeof destination>[0] & object) => {
  const stream = destination(options)
  let said = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!said) process.stderr.write(`latchkey: the log cannot be written: ${error.code}\n`)
    said = true
  })
  return stream
}

export const createLogTo = (stream: DestinationStream, level: Config['logLevel']): Log =>
  pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, stream)
