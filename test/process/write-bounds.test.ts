// Bounds of writes with LATCHKEY_WORKERS: the processes of a server count together.
import { expect, it } from 'vitest'
import { WRITE_BOUNDS, WRITE_COSTS } from '../../src/constants.ts'
import { createCli, seededPlace, startServer } from '../support/processes.ts'
import { exchange, head, statusOf } from '../support/raw-http.ts'

const WORKERS = 2
/** Changes of its registration that a client may make in a minute. */
const ALLOWED = WRITE_BOUNDS.client.perMinute / WRITE_COSTS.registration
const ASKED = ALLOWED + 10

type Registration = { client_id: string; registration_access_token: string; code?: string }

it('client that spreads its writes over two workers makes no more than over one', async () => {
  const place = await seededPlace({ LATCHKEY_WORKERS: String(WORKERS) })
  const server = await startServer(place)
  const made = await createCli(place).json('enrollment create --grant hook=hook:track')

  /** Sends each request on its own connection, so that the next worker gets it. */
  const sendMetadata = async (line: string, token: string, metadata = {}) => {
    const body = JSON.stringify({ client_name: 'Daemon', ...metadata })
    const headers = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      Connection: 'close',
    }
    const answer = await exchange(place, head(line, headers) + body)
    const [headOf = '', json = ''] = answer.split('\r\n\r\n')
    return { status: statusOf(answer), head: headOf, body: JSON.parse(json) as Registration }
  }

  const { body: client } = await sendMetadata(
    'POST /oauth/register',
    String(made['enrollment_token']),
  )
  const { client_id: id } = client
  let token = client.registration_access_token
  const answers: Awaited<ReturnType<typeof sendMetadata>>[] = []
  for (let i = 0; i < ASKED; i++) {
    const answer = await sendMetadata(`PUT /oauth/register/${id}`, token, { client_id: id })
    token = answer.body.registration_access_token ?? token
    answers.push(answer)
  }
  expect(answers.map(({ status }) => status)).toEqual([
    ...Array<number>(ALLOWED).fill(200),
    ...Array<number>(ASKED - ALLOWED).fill(429),
  ])
  for (const refused of answers.slice(ALLOWED)) {
    expect(refused.body.code).toBe('writes_exceeded')
    expect(refused.head).toMatch(/^retry-after: \d+$/im)
  }
  await server.stop()
})
