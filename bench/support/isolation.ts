// Runs each section in a process of its own, so that none inherits memory, compiled code or servers of another.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Options, Results } from '../result.ts'
import { environment } from './environment.ts'
import { generator } from './load.ts'

export type RunResult = Results[string]

export const runSection = (name: string, options: Options): Promise<RunResult> => {
  const script = fileURLToPath(new URL('../section.ts', import.meta.url))
  const child = fork(script, [name], { execArgv: ['--import', 'tsx', '--expose-gc'] })
  return new Promise((resolve, reject) => {
    child.once('message', (result) => {
      const measured = result as Omit<RunResult, 'environment' | 'generator'>
      resolve({ environment: environment(), generator: generator(), ...measured })
    })
    child.once('exit', (code) => reject(new Error(`the section ${name} ended with ${code}`)))
    child.send(options)
  })
}
