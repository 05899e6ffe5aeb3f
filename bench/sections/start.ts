// Time from the start of the process to the first token, memory after many tokens, and the time of a command.
import { execFileSync } from 'node:child_process'
import type { Run } from '../result.ts'
import type { Credentials } from '../support/comparison.ts'
import { type Place, createClient, newPlace, pathOf, startLatchkey } from '../support/latchkey.ts'
import { load } from '../support/load.ts'
import { residentMegabytes, treeOf } from '../support/proc.ts'
import { type Target, ask, basic, formTarget } from '../support/requests.ts'
import { median, quantile } from '../support/statistics.ts'
import { tokenOf } from '../support/tokens.ts'

const COMMANDS = 20

const tokenTarget = (port: number, client: Credentials): Target =>
  formTarget(port, '/oauth/token', {
    authorization: basic(client),
    form: { grant_type: 'client_credentials', audience: 'hook' },
  })

/** @returns milliseconds from the start of the process to its first token */
const firstToken = async (place: Place, client: Credentials): Promise<number> => {
  const start = performance.now()
  const { port, child } = await startLatchkey(place)
  tokenOf(await ask(tokenTarget(port, client)))
  const ms = performance.now() - start
  child.kill()
  await new Promise((resolve) => child.once('exit', resolve))
  return ms
}

/** @returns milliseconds from the start of the process to its answer, with an empty database */
const firstStart = async (): Promise<number> => {
  const start = performance.now()
  const { child } = await startLatchkey(newPlace())
  const ms = performance.now() - start
  child.kill()
  await new Promise((resolve) => child.once('exit', resolve))
  return ms
}

const commandMs = ({ env }: Place): number => {
  const start = performance.now()
  execFileSync(process.execPath, [pathOf('dist/cli.js'), 'client', 'list'], { env })
  return performance.now() - start
}

/** Megabytes after each part of the load. */
const memoryUnderLoad = async (place: Place, client: Credentials, seconds: number) => {
  const { port, pid, child } = await startLatchkey(place)
  let tokens = 0
  const megabytes: number[] = []
  for (let part = 0; part < 4; part++) {
    const { requests, failed } = await load(tokenTarget(port, client), seconds)
    if (failed > 0) throw new Error(`${failed} requests failed`)
    tokens += requests
    megabytes.push(residentMegabytes(treeOf(pid)))
  }
  child.kill()
  return { tokens, megabytes }
}

const rowOf = (name: string, values: number[]): string[] => [
  name,
  ...[0, 0.5, 1].map((q) => quantile(values, q).toFixed(0)),
]

export const run: Run = async ({ quick }) => {
  const place = newPlace()
  await startLatchkey(place)
  const client = createClient(place)
  const empty: number[] = []
  const existing: number[] = []
  for (let i = 0; i < (quick ? 2 : 8); i++) {
    empty.push(await firstStart())
    existing.push(await firstToken(place, client))
  }
  const commands = Array.from({ length: COMMANDS }, () => commandMs(place))
  const { tokens, megabytes } = await memoryUnderLoad(place, client, quick ? 1 : 12)
  const time = (text: string, values: number[], most: number) => ({
    text,
    value: median(values),
    unit: 'ms',
    most,
  })
  const last = megabytes.at(-1)!
  return {
    tables: [
      {
        title: 'Milliseconds',
        columns: ['', 'least', 'median', 'most'],
        rows: [
          rowOf('first token, existing database', existing),
          rowOf('first answer, empty database', empty),
          rowOf('`latchkey client list`', commands),
        ],
      },
      {
        title: `Resident memory after ${tokens.toLocaleString('en')} tokens`,
        columns: ['', '1/4', '2/4', '3/4', '4/4'],
        rows: [['MB', ...megabytes.map((value) => value.toFixed(0))]],
      },
    ],
    targets: [
      time('First token, existing database', existing, 300),
      time('First answer, empty database', empty, 1_200),
      time('`latchkey client list`', commands, 250),
      { text: 'Resident memory', value: last, unit: 'MB', most: 150 },
      { text: 'Memory in the end, of its half', value: last / megabytes[1]!, unit: '×', most: 1.1 },
    ],
    notes: ['The load is shorter than the million tokens and the ten minutes of the target.'],
  }
}
