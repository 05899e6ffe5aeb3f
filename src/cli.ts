#!/usr/bin/env node
// Entry: the command line. Exit: 0 done, 1 refused (one line on standard error), 2 wrong usage.
import { VERSION } from './constants.ts'
import { runEntryPoint } from './node/entry-point.ts'
import { escapeText } from './text/text.ts'

/** Words that ask for the version alone: it is printed before the files of the commands are loaded. */
const ASKS_VERSION: readonly string[] = ['--version', '-V']

await runEntryPoint(async () => {
  const [word = '', ...others] = process.argv.slice(2)
  if (others.length === 0 && ASKS_VERSION.includes(word)) {
    process.stdout.write(`${escapeText(VERSION)}\n`)
    return
  }
  const { runCommand } = await import('./cli/program.ts')
  await runCommand(process.argv)
})
