// Tests that start real processes run what is built, so it is built from what is tested.
import { execFileSync } from 'node:child_process'

export const setup = (): void => {
  const stdio = ['ignore', 'inherit', 'inherit'] as const
  execFileSync(process.execPath, ['src/verifier/build.mjs'], { stdio: [...stdio] })
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: [...stdio] })
}
