// A route of an API with and without the verifier in front of it.
import type { Run } from '../result.ts'
import { startComparison } from '../support/comparison.ts'
import { versionOf } from '../support/environment.ts'
import { type Target, ask } from '../support/requests.ts'
import {
  COLUMNS,
  type Contestant,
  described,
  failuresOf,
  lengthOf,
  measureRounds,
  rateRatio,
  rowOf,
} from '../support/rounds.ts'

const LEAST_RATIO = 0.9
/** The plugin of the token of servers/guarded.mjs. */
const PLUGIN = 'com.example.plugin'

const statusOf = async (target: Target): Promise<number> => (await ask(target)).status

export const run: Run = async ({ quick }) => {
  const setup = { clientId: '', secret: '', claims: { aud: 'hook' } }
  const { port, pid } = await startComparison('guarded', setup)
  const get = (path: string, headers = {}): Target => ({ port, method: 'GET', path, headers })
  const { text: token } = await ask(get('/token'))
  const headers = { Authorization: `Bearer ${token}`, 'X-Plugin-Id': PLUGIN }
  const checkAll = async (): Promise<void> => {
    const accepted = [
      await statusOf(get('/open', headers)),
      await statusOf(get('/guarded', headers)),
    ]
    const refused = await statusOf(
      get('/guarded', { ...headers, Authorization: `Bearer ${token}x` }),
    )
    if (accepted.join() !== '200,200' || refused !== 401) {
      throw new Error(`the routes answered ${accepted.join()}, and ${refused} to a wrong token`)
    }
  }
  await checkAll()
  const contestants = ['/open', '/guarded'].map((path): Contestant => {
    return { name: `\`GET ${path}\``, pid, target: get(path, headers) }
  })
  const length = lengthOf(quick)
  const figures = await measureRounds(contestants, length)
  await checkAll()
  const [open, guarded] = figures
  const value = rateRatio(guarded!, open!)
  return {
    tables: [{ title: described(length), columns: COLUMNS, rows: figures.map(rowOf) }],
    targets: [{ text: 'Guarded route, of the unguarded', value, unit: '×', least: LEAST_RATIO }],
    notes: failuresOf(figures),
    versions: { hono: versionOf('hono') },
  }
}
