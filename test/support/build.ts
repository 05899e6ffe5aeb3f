// Tests that start real processes run what is built, so it is built from what is tested.
import { execFileSync } from 'node:child_process'

export const setup = (): void => {
  execFileSync('npx', ['tsc', '-p', 'src'], { stdio: ['ignore', 'inherit', 'inherit'] })
}
