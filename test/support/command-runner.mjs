// A process that runs commands one after the other, because loading the command line takes ten times as long as most
// commands. It receives each command as a message, and writes a mark behind its output on both descriptors.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { PassThrough } from 'node:stream'

/** Number of writes under way. The log writes to its descriptor, and no command waits for it. */
let writing = 0
const { write } = fs
fs.write = (...given) => {
  const done = given.pop()
  writing += 1
  write(...given, (...result) => {
    writing -= 1
    done(...result)
  })
}
syncBuiltinESMExports()

const turn = () => new Promise((resolve) => setImmediate(resolve))
const settleLog = async () => {
  do for (let i = 0; i < 3; i++) await turn()
  while (writing > 0)
}

const { runEntryPoint } = await import('../../dist/node/entry-point.js')
const { runCommand } = await import('../../dist/cli/program.js')

const giveStdin = (text) => {
  const stdin = new PassThrough()
  stdin.end(text)
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
}

/** Resets the state that a separate process would begin with. */
const reset = ({ directory, environment, stdin }) => {
  process.chdir(directory)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, environment)
  process.exitCode = undefined
  for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0)
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  process.removeAllListeners('exit')
  giveStdin(stdin)
}

const run = async (command) => {
  reset(command)
  try {
    await runEntryPoint(() => runCommand([process.execPath, 'latchkey', ...command.args]))
  } catch (error) {
    process.stderr.write(`${error?.stack ?? error}\n`)
    process.exitCode = 1
  }
  await settleLog()
  for (const stream of [process.stdout, process.stderr]) stream.write(command.mark)
  process.send({ code: process.exitCode ?? 0 })
}

let queue = Promise.resolve()
process.on('message', (command) => (queue = queue.then(() => run(command))))
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.send('ready')
