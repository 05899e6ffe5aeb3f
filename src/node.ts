// Entry: the server on Node, configured by the environment. `latchkey serve` does the same.
import { loadConfig } from './config.ts'
import { StartRefused } from './errors.ts'
import { serve } from './node/run.ts'
import { escapeText } from './text.ts'

try {
  await serve(loadConfig(process.env))
} catch (error) {
  if (!(error instanceof StartRefused)) throw error
  process.stderr.write(`latchkey: ${escapeText(error.message)}\n`)
  process.exitCode = 1
}
