// Runs each section in a process of its own, so that none inherits memory, compiled code or servers of another.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Options, type Results, type SectionResult, failed } from '../result.ts'
import { environment } from './environment.ts'
import { generator } from './load.ts'

export type RunResult = Results[string]

/** Longest time of a section. The slowest one takes three minutes on a quiet machine with two cores. */
const SECTION_LIMIT_MS = 600_000

const inProcess = (name: string, options: Options): Promise<SectionResult> => {
  const script = fileURLToPath(new URL('../section.ts', import.meta.url))
  const child = fork(script, [name], { execArgv: ['--import', 'tsx', '--expose-gc'] })
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      resolve(failed(`no result within ${SECTION_LIMIT_MS / 1000} s`))
      child.kill()
    }, SECTION_LIMIT_MS)
    child.once('message', (result) => resolve(result as SectionResult))
    child.once('exit', (code) => {
      clearTimeout(late)
      resolve(failed(`the process of the section ended with ${code}`))
    })
    child.send(options)
  })
}

/** @returns figures, or the failure: one section that fails loses no other */
export const runSection = async (name: string, options: Options): Promise<RunResult> => {
  const before = environment()
  const result = await inProcess(name, options)
  return { environment: before, generator: generator(), ...result }
}
