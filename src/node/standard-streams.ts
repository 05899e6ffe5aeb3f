// Standard output and standard error whose reader has ended, as in `latchkey client list | head -1`.
import { escapeText } from '../text/text.ts'

/** Errors of a pipe, a socket and a terminal without a reader. */
const READER_GONE = ['EPIPE', 'ECONNRESET', 'EIO']

export const isReaderGone = (error: unknown): boolean =>
  READER_GONE.includes(String((error as { code?: unknown }).code))

/**
 * Keeps the process running without a reader: it completes its work, and the exit status tells the result. Output that
 * cannot be written for another reason (a full disk) is reported once on standard error, and the exit status is 1.
 */
export const outliveReaders = (): void => {
  let reported = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isReaderGone(error) || reported) return
    reported = true
    const reason = escapeText(String(error.code))
    process.stderr.write(`latchkey: standard output cannot be written: ${reason}\n`)
    process.exitCode = 1
  })
  process.stderr.on('error', () => {}) // no other place is left for a report
}
