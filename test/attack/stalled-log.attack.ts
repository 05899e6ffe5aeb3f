// Stalls the reader of the log. The server still answers refused logins, and ends in time after SIGTERM.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { CLI, newPlace, until } from '../support/processes.ts'
import { send } from '../support/http.ts'

const LOGINS = 3_000
const AT_ONCE = 60
/** An answer beside 59 others, and the end of the server, in milliseconds. */
const ANSWER_MS = 5_000
const END_MS = 10_000

it(`${LOGINS} refused logins while no process reads the log, and SIGTERM`, async () => {
  const { directory, url, environment } = await newPlace()
  const child = spawn(process.execPath, [CLI, 'serve'], { cwd: directory, env: environment })
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code)))
  child.stdout.pause()
  child.stderr.resume()
  try {
    await until('the server', () => send(`${url}/healthz`).catch(() => null))
    const times: number[] = []
    let left = LOGINS
    const login = async (): Promise<void> => {
      while (left-- > 0) {
        const began = Date.now()
        const form = { grant_type: 'client_credentials', client_id: 'x', client_secret: 'y' }
        const answer = send(`${url}/oauth/token`, { form }).catch(() => null)
        expect((await Promise.race([answer, sleep(ANSWER_MS, null)]))?.status).toBe(401)
        times.push(Date.now() - began)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, login))
    const slowest = Math.max(...times)
    const began = Date.now()
    child.kill('SIGTERM')
    // Reads the pipe from now on: `close` waits for its end, and the server must not.
    const exited = new Promise((resolve) => child.once('exit', resolve))
    const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await exited
    clearTimeout(late)
    const took = Date.now() - began
    child.stdout.resume()
    const code = await ended
    console.log(
      `a stalled log: slowest answer ${slowest} ms, SIGTERM took ${took} ms, exit ${code}`,
    )
    expect(code).toBe(0)
    expect(took).toBeLessThan(END_MS)
  } finally {
    child.kill('SIGKILL')
  }
})
