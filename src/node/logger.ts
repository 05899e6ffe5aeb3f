import { writeSync } from 'node:fs'
import { type DestinationStream, pino, stdTimeFunctions } from 'pino'
import type { Config } from '../config.ts'
import { LOG_RETRIES, LOG_RETRY_MS } from '../constants.ts'
import type { Log } from '../log.ts'

const STDOUT = 1

/** The server's log: JSON lines on standard output. */
export const createLog = (level: Config['logLevel']): Log => createLogTo(linesTo(STDOUT), level)

export const createLogTo = (stream: DestinationStream, level: Config['logLevel']): Log =>
  pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, stream)

/**
 * Each line is written before what it reports is answered, so that no end of the process loses one. Where it
 * cannot be written (a full disk, a reader that is gone) that is said once on standard error, the line is
 * lost and the work goes on; with room again the lines go on, too.
 */
export const linesTo = (descriptor: number): DestinationStream => {
  let said = false
  return {
    write(line) {
      try {
        writeWhole(descriptor, Buffer.from(line))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (!said) process.stderr.write(`latchkey: the log cannot be written: ${code}\n`)
        said = true
      }
    },
  }
}

const writeWhole = (descriptor: number, line: Buffer): void => {
  let [written, tries] = [0, 0]
  while (written < line.length) {
    try {
      written += writeSync(descriptor, line, written)
    } catch (error) {
      // A pipe that is full for the moment, of a reader that does not block.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || ++tries > LOG_RETRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOG_RETRY_MS)
    }
  }
}
