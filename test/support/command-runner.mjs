// A process that runs commands of the command line one after the other. Loading its modules takes ten times as long as
// most commands. Each message is a command; its output goes to the real descriptors, behind a mark on each of them.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'

/** The log writes to its descriptor without anybody waiting, so that its writes are counted here. */
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

const BUILD = pathToFileURL(`${process.argv[2]}/`).href
const { runEntryPoint } = await import(`${BUILD}node/entry-point.js`)
await import(`${BUILD}cli/program.js`)

const giveStdin = (text) => {
  const stdin = new PassThrough()
  stdin.end(text)
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
}

/** A process of its own would begin with this. */
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

let runs = 0
const run = async (command) => {
  reset(command)
  try {
    await runEntryPoint(async () => {
      // The program keeps which flags were given, so each command has one of its own.
      const { runCommand } = await import(`${BUILD}cli/program.js?run=${(runs += 1)}`)
      await runCommand([process.execPath, 'latchkey', ...command.args])
    })
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
