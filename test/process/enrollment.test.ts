// Enrollment token with several processes on one database.
import { expect, it } from 'vitest'
import {
  type Place,
  createCli,
  seededPlace,
  onAnotherPort,
  startServer,
} from '../support/processes.ts'

const register = ({ url }: Place, token: string) =>
  fetch(`${url}/oauth/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"client_name":"Daemon"}',
  })

it('enrollment token used fifty times at once in two processes makes one client', async () => {
  const place = await seededPlace()
  const other = await onAnotherPort(place)
  await startServer(place)
  await startServer(other)
  const cli = createCli(place)
  const created = await cli.json('enrollment create --grant hook=hook:track --unused-after 30')
  expect(created).toMatchObject({
    enrollment_id: expect.stringMatching(/^enrollment_[\w-]{22}$/) as string,
    enrollment_token: expect.stringMatching(/^lke_[\w-]{43}$/) as string,
    expires_at: expect.stringMatching(/Z$/) as string,
    status: 'open',
    unused_after_days: 30,
  })
  const token = String(created['enrollment_token'])
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => register(i % 2 === 0 ? place : other, token)),
  )
  const bodies = (await Promise.all(answers.map((a) => a.json()))) as Record<string, unknown>[]
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(bodies.filter(({ code }) => code === 'enrollment_used')).toHaveLength(49)

  const id = String(created['enrollment_id'])
  const shown = await cli.json(`enrollment show ${id}`)
  const made = bodies.find(({ client_id: client }) => client !== undefined)
  expect(shown).toMatchObject({ status: 'used', client_id: made?.['client_id'] })
  expect(shown).not.toHaveProperty('enrollment_token')
  await cli.refused(/the enrollment has been used or revoked/, `enrollment revoke ${id}`)
  expect(await cli.json<unknown[]>('client list --workspace default')).toMatchObject([
    { client_id: made?.['client_id'], name: 'Daemon', unused_after_days: 30 },
  ])
})

it('enrollment token that was revoked is refused', async () => {
  const place = await seededPlace()
  await startServer(place)
  const cli = createCli(place)
  const created = await cli.json('enrollment create --expires-in 3600')
  const id = String(created['enrollment_id'])
  expect(await cli.json(`enrollment revoke ${id}`)).toMatchObject({ status: 'revoked' })
  expect((await register(place, String(created['enrollment_token']))).status).toBe(401)
  expect(await cli.json('enrollment list')).toMatchObject([{ enrollment_id: id }])
  await cli.refused(/expires_in: must be from 1 to 86400/, 'enrollment create --expires-in 86401')
})
