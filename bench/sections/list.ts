// Time in which a cold follower loads a list of a million rules from one server: alone, four followers at once, and
// beside hostile connections that request random cursors as fast as the server answers.
import { execFile, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Run, Target } from '../result.ts'
import { atExit } from '../support/cleanups.ts'
import { newIssuer } from '../support/issuer.ts'
import { startLatchkey } from '../support/latchkey.ts'
import { addRules } from '../support/numbered-database.ts'
import { peakMegabytes, treeOf } from '../support/proc.ts'
import { median } from '../support/statistics.ts'

const HOSTILE_CONNECTIONS = 60
const MAX_ALONE_MS = 5_000
const MAX_FOUR_MS = 8_000
const MAX_HOSTILE_FACTOR = 1.5
const MAX_SERVER_MEGABYTES = 400
/** Time after which the hostile connections run at full rate. */
const HOSTILE_START_MS = 2_000

const execute = promisify(execFile)
const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../servers/${name}`, import.meta.url))

/** @returns milliseconds until one new follower has all rules */
const coldFollower = async (issuer: string, rules: number): Promise<number> => {
  const { stdout } = await execute(process.execPath, [pathOf('cold-follower.mjs'), issuer])
  const said = JSON.parse(stdout) as { ms: number; rules: number }
  if (said.rules !== rules) throw new Error(`a follower has ${said.rules} rules`)
  return said.ms
}

type Size = { issuer: string; rules: number; rounds: number }

/** @returns the time of the last of so many followers at once, median of the rounds */
const measure = async ({ issuer, rules, rounds }: Size, followers: number): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const all = Array.from({ length: followers }, () => coldFollower(issuer, rules))
    times.push(Math.max(...(await Promise.all(all))))
  }
  return median(times)
}

const startHostile = async ({ issuer, rules }: Size): Promise<() => void> => {
  const list = `${issuer}/oauth/revocations`
  const first = await (await fetch(list)).text()
  const claims = Buffer.from(first.split('.')[1] ?? '', 'base64url').toString()
  const { epoch } = JSON.parse(claims) as { epoch: string }
  const args = [pathOf('hostile.mjs'), list, epoch, String(rules), String(HOSTILE_CONNECTIONS)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  atExit(() => child.kill('SIGKILL'))
  await sleep(HOSTILE_START_MS)
  if (child.exitCode !== null) throw new Error('the hostile connections ended')
  return () => child.kill('SIGKILL')
}

export const run: Run = async ({ quick }) => {
  const { issuer, place } = await newIssuer()
  const first = await startLatchkey(place) // creates the database
  first.child.kill()
  await new Promise((resolve) => first.child.once('exit', resolve))
  const size: Size = { issuer, rules: quick ? 20_000 : 1_000_000, rounds: quick ? 1 : 3 }
  addRules(place.database, size.rules)
  const { pid } = await startLatchkey(place)
  const alone = await measure(size, 1)
  const four = await measure(size, 4)
  const stop = await startHostile(size)
  const beside = await measure(size, 1)
  stop()
  const time = (text: string, value: number, most: number): Target => {
    return { text, value, unit: 'ms', most }
  }
  const targets: Target[] = [
    time('One cold follower', alone, MAX_ALONE_MS),
    time('The last of four at once', four, MAX_FOUR_MS),
    {
      text: `One beside ${HOSTILE_CONNECTIONS} hostile connections, of one alone`,
      value: beside / alone,
      unit: '×',
      most: MAX_HOSTILE_FACTOR,
    },
    {
      text: 'Resident memory of the server, peak',
      value: peakMegabytes(treeOf(pid)),
      unit: 'MB',
      most: MAX_SERVER_MEGABYTES,
    },
  ]
  const title = `${size.rules.toLocaleString('en')} rules; median of ${size.rounds} rounds`
  const rows = [
    ['one cold follower', alone.toFixed(0)],
    ['the last of four at once', four.toFixed(0)],
    [`one beside ${HOSTILE_CONNECTIONS} hostile connections`, beside.toFixed(0)],
  ]
  return { tables: [{ title, columns: ['', 'ms'], rows }], targets, notes: [] }
}
