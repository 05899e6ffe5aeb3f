// Starts a comparison server of bench/servers as a process of its own.
import { fork } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { JSONWebKeySet } from 'jose'
import { atExit } from './cleanups.ts'

const START_LIMIT_MS = 20_000
const MODULUS_BITS = 2048

export type Credentials = { clientId: string; secret: string }
export type Running = { port: number; pid: number; jwks: JSONWebKeySet }

export type Setup = Credentials & {
  claims: Record<string, unknown>
  processes?: number
  pages?: Record<string, unknown>
}

const newKey = (): { privateKey: string; kid: string } => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS })
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, kid: 'bench' }
}

/** @param name of the file in bench/servers */
export const startComparison = (name: string, setup: Setup): Promise<Running> => {
  const script = fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url))
  const child = fork(script, { execArgv: [], silent: true })
  let said = ''
  child.stderr?.on('data', (chunk) => (said += String(chunk)))
  child.stdout?.resume()
  atExit(() => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    const late = setTimeout(reject, START_LIMIT_MS, new Error(`${name} does not start`))
    child.once('exit', (code) =>
      reject(new Error(`${name} ended with ${code}: ${said.slice(-1_000)}`)),
    )
    child.once('error', reject)
    child.once('message', (running) => {
      clearTimeout(late)
      resolve({ ...(running as Running), pid: child.pid ?? 0 })
    })
    child.send({ processes: 1, ...setup, ...newKey() })
  })
}
