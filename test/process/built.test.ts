// The built program as it is shipped. The other tests of processes start a bundle of the same code (support/fast-build.ts).
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addHookClient } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { ROOT, newPlace, start, startServer } from '../support/processes.ts'

const built = (name: string): string => join(ROOT, 'dist', name)

const OUTCOMES: [command: string, code: number, stdout: RegExp, stderr: RegExp][] = [
  ['migrate', 0, /up to date/, /^$/],
  ['client list', 0, /^/, /^$/],
  ['client --help', 0, /Usage: latchkey client/, /^$/],
  ['client show lkc_nobody', 1, /^$/, /^latchkey: [^\n]+\n$/],
  ['client nonsense', 2, /^$/, /^error: /],
  ['nonsense', 2, /^$/, /^error: /],
]

describe('built command line', () => {
  it('ends with status 0 when done, 1 when refused and 2 for wrong usage', async () => {
    const place = await newPlace()
    for (const [command, code, stdout, stderr] of OUTCOMES) {
      const output = await start(place, command.split(' '), built('cli.js')).ended
      expect(output, command).toMatchObject({ code, signal: null })
      expect(output.stdout, command).toMatch(stdout)
      expect(output.stderr, command).toMatch(stderr)
    }
  })
})

describe.each(['cli.js', 'node.js'])('server built as %s', (name) => {
  it.each(['1', '2'])(
    'starts, issues a token and is drained on SIGTERM, with %s workers',
    async (workers) => {
      const place = await newPlace({ LATCHKEY_WORKERS: workers })
      const server = await startServer(place, built(name))
      const client = await addHookClient(place)
      const caller = createCaller(place.url)
      const token = await caller.issue(client)
      await caller.revoke(client, token)
      expect(await server.stop()).toMatchObject({ code: 0, signal: null, stderr: '' })
      expect(server.log().filter(({ msg }) => msg === 'stopped')).toHaveLength(Number(workers))
      expect(readdirSync(join(place.directory, 'data')).sort()).toEqual([
        'latchkey.db',
        'ledger.db',
      ])
    },
  )
})
