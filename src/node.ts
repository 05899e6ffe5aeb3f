// Entry: the server on Node, configured by the environment. `latchkey serve` does the same.
import { runEntry } from './node/entry.ts'

await runEntry(async () => {
  const { loadConfig } = await import('./config.ts')
  const { serve } = await import('./node/run.ts')
  await serve(loadConfig(process.env))
})
