// Runs commands in one process that has loaded the command line (command-runner.mjs). A separate process for each costs
// 0.3 s of a core. Tests of the process itself use `start`.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const RUNNER = fileURLToPath(new URL('command-runner.mjs', import.meta.url))
/** A runner keeps a descriptor open for each command, and a process may have 1,024. */
const MAX_COMMANDS = 200
/** Mark behind the output of a command. No text of the product contains it. */
const MARK = '\u0000end of command\u0000'

export type Command = {
  directory: string
  environment: Record<string, string>
  args: readonly string[]
  stdin: string
}
export type Result = { code: number | null; signal: null; stdout: string; stderr: string }

const startRunner = () => {
  const child = fork(RUNNER, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] })
  const said = { stdout: '', stderr: '' }
  let changed = (): void => {}
  const note = (name: 'stdout' | 'stderr', text: string): void => {
    said[name] += text
    changed()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => note('stdout', text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => note('stderr', text))
  let code: number | null = null
  const ready = once(child, 'message').then(() =>
    child.on('message', (message: { code: number }) => {
      code = message.code
      changed()
    }),
  )
  letParentEnd(child)
  const take = (name: 'stdout' | 'stderr'): string => {
    const text = said[name].slice(0, said[name].indexOf(MARK))
    said[name] = said[name].slice(text.length + MARK.length)
    return text
  }
  return {
    commands: 0,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    kill: () => child.kill('SIGKILL'),
    run: (command: Command): Promise<Result> =>
      new Promise((resolve, reject) => {
        code = null
        const ended = (): void => reject(new Error(`the runner of commands ended: ${said.stderr}`))
        child.once('exit', ended)
        changed = () => {
          if (code === null || !said.stdout.includes(MARK) || !said.stderr.includes(MARK)) return
          child.off('exit', ended)
          resolve({ code, signal: null, stdout: take('stdout'), stderr: take('stderr') })
        }
        void ready.then(() => child.send({ ...command, mark: MARK }))
      }),
  }
}

/** Keeps the runner from holding this process open. The runner ends when this process does. */
const letParentEnd = (child: ChildProcess): void => {
  child.unref()
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null && 'unref' in stream) (stream.unref as () => void)()
  }
}

let runner: ReturnType<typeof startRunner> | undefined
let last: Promise<unknown> = Promise.resolve()

const runNext = async (command: Command): Promise<Result> => {
  if (runner !== undefined && runner.commands >= MAX_COMMANDS) runner.kill()
  if (runner === undefined || runner.hasEnded() || runner.commands >= MAX_COMMANDS) {
    runner = startRunner()
  }
  runner.commands += 1
  return await runner.run(command)
}

/** Runs a command. Concurrent calls run one after the other. */
export const runCommand = (command: Command): Promise<Result> => {
  const result = last.then(() => runNext(command))
  last = result.catch(() => {})
  return result
}
