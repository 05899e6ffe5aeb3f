// Audit table from the command line, beside a server that seals it.
import { userInfo } from 'node:os'
import { beforeAll, expect, it } from 'vitest'
import { auditRows } from '../support/audit-log.ts'
import { addHookClient, execute, query } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import {
  type Place,
  createCli,
  latchkey,
  seededPlace,
  startServer,
  startShell,
  until,
} from '../support/processes.ts'

const NOBODY = 'lkc_nobodynobodynobodynobo'
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string

let place: Place
let cli: ReturnType<typeof createCli>

/**
 * Starts a server that makes its keys and refuses a login three times, stops it, and runs a
 * command.
 */
beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
  const server = await startServer(place)
  const { requestToken, issue } = createCaller(place.url)
  const client = await addHookClient(place)
  await issue(client)
  for (let i = 0; i < 3; i++) await requestToken({ id: NOBODY, secret: 'wrong' })
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  await cli.json(`client disable ${client.id}`)
})

const row = {
  seq: expect.any(Number) as number,
  time: TIME,
  reason: null,
  request_id: null,
  address: null,
  count: 1,
}

it('audit list shows the newest event first, as JSON and as a table', async () => {
  const [done, intent, refused] = await cli.json<Record<string, unknown>[]>('audit list')
  const actor = `cli:${userInfo().username}`
  const request = expect.stringMatching(/^[\w-]{22}$/) as string
  const disable = { ...row, actor, action: 'client.disable', request_id: request }
  const id = done?.['target']
  expect(done).toEqual({ ...disable, target: id, outcome: 'success' })
  expect(intent).toEqual({
    ...disable,
    target: id,
    outcome: 'intent',
    request_id: done?.['request_id'],
  })
  expect(refused).toEqual({
    ...row,
    actor: 'unknown',
    action: 'client.authenticate',
    target: NOBODY,
    outcome: 'refused',
    reason: 'client_authentication_failed',
    address: '127.0.0.1',
    count: 3,
  })
  const table = await cli.text(`audit list --since 2026-01-01 --limit 1 --actor ${actor}`)
  const [head = '', line = '', ...rest] = table.trimEnd().split('\n')
  expect(head).toMatch(/^SEQ +TIME +ACTION +OUTCOME +TARGET +ACTOR +REASON +ADDRESS +COUNT$/)
  expect(line).toContain(String(id))
  expect(rest).toEqual([])
  await cli.refused(/since: must be a time such as/, 'audit list --since yesterday')
})

it('audit verify reports the rows that the server sealed, and the later ones as unsealed', async () => {
  const report = await cli.json('audit verify')
  expect(report).toEqual({
    intact: true,
    checked: report['sealed_to'],
    sealed_to: auditRows(place).length - 2,
    sealed_at: TIME,
    sealed_mac: expect.stringMatching(/^[\w-]{43}$/) as unknown,
    unsealed: 2,
    found: 0,
    findings: [],
  })
})

it('audit export prints a line for each row, oldest first, and exits 0 when its reader closes the pipe', async () => {
  execute(
    place,
    `insert into audit_events (created_at, actor, action, outcome)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    select 1, 'cli:me', 'x.y', 'success' from n`,
  )
  const lines = (await cli.text('audit export')).trimEnd().split('\n')
  const sequence = lines.map((line) => (JSON.parse(line) as { seq: number }).seq)
  expect(sequence).toEqual(auditRows(place).map(({ seq }) => seq))

  const { ended } = startShell(
    place,
    '{ "$NODE" "$CLI" audit export; echo "exit $?" >&2; } | head -1',
  )
  const { stdout, stderr } = await ended
  expect(stdout).toBe(`${lines[0]}\n`)
  expect(stderr).toBe('exit 0\n')
})

it('audit verify exits 1 and names a changed row', async () => {
  execute(place, `update audit_events set actor = 'cli:you' where seq = 1`)
  const { code, stdout, stderr } = await latchkey(place, ['audit', 'verify'])
  expect(code).toBe(1)
  expect(stderr).toBe('latchkey: the audit table is not intact (found: 1)\n')
  expect(stdout).toMatch(/^intact +false$/m)
  expect(stdout).toMatch(
    /^FINDING +SEQ +LAST_SEQ +DETAIL\nchanged +1 +1 +the row differs from its sealed digest$/m,
  )
})

it('server seals soon after its start', async () => {
  const server = await startServer(place)
  const sealed = `select 1 from audit_seals where last_seq > 20000`
  await until('a seal', () => query(place, sealed).length > 0)
  server.signal('SIGKILL')
  await server.ended
})
