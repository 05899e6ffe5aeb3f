// Entry point of the server on Node, configured by the environment. `latchkey serve` does the same.
import { runEntryPoint } from './node/entry-point.ts'

await runEntryPoint(async () => {
  const { serve } = await import('./node/processes.ts')
  await serve(process.env)
})
