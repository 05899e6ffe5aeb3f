// Tests that start real processes run what is built, so it is built from what is tested.
import { execFileSync } from 'node:child_process'

export const setup = (): void => {
  for (const project of ['src/verifier', 'src']) {
    execFileSync('npx', ['tsc', '-p', project], { stdio: ['ignore', 'inherit', 'inherit'] })
  }
}
