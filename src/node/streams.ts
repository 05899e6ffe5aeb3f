// Standard output and standard error whose reader has gone, as in `latchkey client list | head -1`.

/** A pipe, a socket and a terminal without a reader. */
const READER_GONE = ['EPIPE', 'ECONNRESET', 'EIO']

export const isReaderGone = (error: unknown): boolean =>
  READER_GONE.includes(String((error as { code?: unknown }).code))

/**
 * Lets the process go on without a reader: what it does is finished, and its exit status says how that ended. Output
 * that cannot be written for another reason (a full disk) is said once on standard error and ends with status 1.
 */
export const outliveReaders = (): void => {
  let said = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isReaderGone(error) || said) return
    said = true
    process.stderr.write(`latchkey: standard output cannot be written: ${error.code}\n`)
    process.exitCode = 1
  })
  process.stderr.on('error', () => {}) // there is no other place to say it
}
