// Long audit table: a list that is read in parts, and an export over HTTP whose reader loses the
// right to it.
import { expect, it } from 'vitest'
import { execute } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { createCli, seededPlace, startServer } from '../support/processes.ts'

/** About 30 MB: far more than the buffers of a connection. */
const EVENTS = 150_000

it('audit list of a long table is complete, and an export breaks off when its reader is disabled', async () => {
  const place = await seededPlace()
  const server = await startServer(place)
  const cli = createCli(place)
  const made = await cli.json<{ client_id: string; client_secret: string }>(
    'admin create --name reader',
  )
  execute(
    place,
    `insert into audit_events (created_at, actor, action, outcome)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${EVENTS})
    select 1, iif(i % 2, 'cli:a', 'cli:b'), 'x.y', iif(i = 1 or i % 2 = 0, 'refused', 'success') from n`,
  )
  // A command continues when a part of the list ends early, 50,000 events after its start.
  expect(await cli.json('audit list --actor cli:a --outcome refused')).toHaveLength(1)
  const reader = { id: made.client_id, secret: made.client_secret }
  const token = await createCaller(place.url).issue(reader, { audience: 'latchkey' })
  const response = await fetch(`${place.url}/admin/v1/audit/export`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  const body = (response.body as ReadableStream<Uint8Array>).getReader()
  expect((await body.read()).done).toBe(false)
  await cli.json(`client disable ${reader.id}`)
  const readOn = async (): Promise<void> => {
    while (!(await body.read()).done);
  }
  await expect(readOn()).rejects.toThrow('terminated')
  const { code, stdout } = await server.stop()
  expect(code).toBe(0)
  expect(stdout).toContain('an export was aborted')
})
