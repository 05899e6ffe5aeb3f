// Servers and files that end with this process, also after an exception or a signal.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const cleanups: (() => void)[] = []

export const atExit = (cleanup: () => void): void => {
  cleanups.unshift(cleanup)
}

/** Runs the cleanups now: a section that has ended leaves no server to the next one. */
export const cleanUp = (): void => {
  for (const cleanup of cleanups.splice(0)) cleanup()
}

/** @returns a folder that ends with this process */
export const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  atExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

process.once('exit', cleanUp)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
