#!/usr/bin/env node
// Entry: the command line. Exit: 0 done, 1 refused (one line on standard error), 2 wrong usage.
import { runEntryPoint } from './node/entry-point.ts'

await runEntryPoint(async () => {
  const { runCommand } = await import('./cli/program.ts')
  await runCommand(process.argv)
})
