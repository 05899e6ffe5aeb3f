// The frame of an entry. It loads no package, so that one that is missing can be named.
import {
  AnswerEnded,
  Conflict,
  OAuthError,
  OperationRefused,
  StartRefused,
  Unavailable,
} from '../errors.ts'
import { escapeText } from '../text/text.ts'
import { installationFault } from './installation.ts'
import { outliveReaders } from './streams.ts'

const REFUSALS = [OperationRefused, OAuthError, StartRefused, Conflict, Unavailable, AnswerEnded]

/** Runs it. A refusal and a fault of the installation are one line on standard error, and exit status 1. */
export const runEntry = async (run: () => Promise<void>): Promise<void> => {
  outliveReaders()
  try {
    await run()
  } catch (error) {
    const refusal = REFUSALS.some((type) => error instanceof type) ? (error as Error).message : null
    const line = refusal ?? installationFault(error)
    if (line === null) throw error
    process.stderr.write(`latchkey: ${escapeText(line)}\n`)
    process.exitCode = 1
    // Node.js 20 throws again, unhandled, what a CommonJS module of a package has thrown while it was imported.
    if (refusal === null) process.exit()
  }
}
