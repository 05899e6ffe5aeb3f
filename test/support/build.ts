// Builds the verifier and the server before tests that start them, unless the build is newer than its sources.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { makeFastBuild } from './fast-build.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const setup = async (): Promise<void> => {
  execFileSync(process.execPath, ['scripts/build.mjs', 'update'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await makeFastBuild()
}
