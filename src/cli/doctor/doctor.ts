// `latchkey doctor`: checks the installation, the configuration and the issuer's address. It changes nothing.
import type { Command } from 'commander'
import { command } from '../flags.ts'
import { print, printWithNotes } from '../output.ts'
import type { Row } from './examine.ts'

/** Folder of the installation, from the source and from the build alike. */
const ROOT = new URL('../../../', import.meta.url)

export const doctor = (program: Command): void => {
  command(
    program,
    'doctor',
    'check installation, configuration, files, clock and the issuer; exit 1 if a check has failed',
    'doctor',
  ).action(async (flags: { json?: boolean }) => {
    const { examine } = await import('./examine.ts')
    const clock = (): number => Date.now()
    const rows = await examine({ environment: process.env, clock, root: ROOT, fetch })
    if (flags.json) print(rows, flags)
    else printWithNotes(rows.map(withoutAdvice), notesOf(rows))
    if (rows.some(({ status }) => status === 'failed')) process.exitCode = 1
  })
}

const withoutAdvice = ({ check, status, detail }: Row) => ({ check, status, detail })

/** Lists one step for each row that is not in order. */
const notesOf = (rows: readonly Row[]): string[][] => {
  const lines = rows.flatMap(({ check, advice }) =>
    advice === null ? [] : `  ${check}: ${advice}`,
  )
  return lines.length === 0 ? [] : [['What to do:', ...lines]]
}
