// Frame around an entry point. It imports no package, so that it can report a package that is missing.
import {
  AnswerEnded,
  Conflict,
  OAuthError,
  OperationRefused,
  RemoteFailed,
  StartRefused,
  Unavailable,
} from '../errors.ts'
import { escapeLines, escapeText } from '../text/text.ts'
import { installationFault } from './installation.ts'
import { outliveReaders } from './standard-streams.ts'

const REFUSALS = [
  OperationRefused,
  OAuthError,
  StartRefused,
  RemoteFailed,
  Conflict,
  Unavailable,
  AnswerEnded,
]

/** Escapes what Node.js prints of an unforeseen error: its stack has the message, and that can have the name of a file. */
const escapedError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { message, stack = '', cause } = error
  error.message = escapeLines(message)
  error.stack = escapeLines(stack)
  if (cause !== undefined) error.cause = escapedError(cause)
  return error
}

/** Runs an entry point. A refusal or a fault of the installation becomes one line on standard error and exit status 1. */
export const runEntryPoint = async (run: () => Promise<void>): Promise<void> => {
  outliveReaders()
  try {
    await run()
  } catch (error) {
    const refusal = REFUSALS.some((type) => error instanceof type) ? (error as Error).message : null
    const line = refusal ?? installationFault(error)
    if (line === null) throw escapedError(error)
    process.stderr.write(`latchkey: ${escapeText(line)}\n`)
    process.exitCode = 1
    // Node.js 20 throws an error of an imported CommonJS module a second time, unhandled.
    if (refusal === null) process.exit()
  }
}
