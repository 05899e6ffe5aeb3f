// Entry: the server on Node, configured by the environment. `latchkey serve` does the same.
import { runEntry } from './node/entry.ts'

await runEntry(async () => {
  const { serve } = await import('./node/processes.ts')
  await serve(process.env)
})
