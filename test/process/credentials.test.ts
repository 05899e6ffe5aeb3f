// Clients and secrets from the command line, used at a running server.
import { beforeAll, expect, it } from 'vitest'
import { openRecords } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import { type Place, createCli, seededPlace, startServer } from '../support/processes.ts'

let place: Place
let cli: ReturnType<typeof createCli>
let call: ReturnType<typeof createCaller>
beforeAll(async () => {
  place = await seededPlace()
  await startServer(place)
  cli = createCli(place)
  call = createCaller(place.url)
})

it('client create --env prints shell variables, and --ttl and --quota are effective', async () => {
  const printed = await cli.text(
    'client create --plugin daemon --create-plugin --ttl 120 --quota 2/min --env --name',
    'A daemon',
    '--grant',
    'hook=hook:govern hook:track',
  )
  const [, id = '', secret = ''] =
    /^CLIENT_ID=(lkc_[\w-]{22})\nCLIENT_SECRET=(lks_[\w-]{43})\n$/.exec(printed) ?? []
  const answers = []
  for (let i = 0; i < 3; i++) answers.push(await call.requestToken({ id, secret }))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
  const [first, , last] = answers
  expect(JSON.parse(String(first?.text))).toMatchObject({
    expires_in: 120,
    scope: 'hook:govern hook:track',
  })
  expect(JSON.parse(String(last?.text))).toMatchObject({ code: 'quota_exceeded' })
  expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0)
})

it('admin create --env prints credentials that get a token for the admin API', async () => {
  const printed = await cli.text('admin create --env --name ops')
  const [, id = '', secret = ''] =
    /^CLIENT_ID=(lkc_[\w-]{22})\nCLIENT_SECRET=(lks_[\w-]{43})\n$/.exec(printed) ?? []
  const token = await call.issue({ id, secret })
  expect(decode(token).claims).toMatchObject({ aud: 'latchkey', scope: 'admin:read admin:write' })
})

it('client create --introspects lets a client see the tokens of the audience only', async () => {
  const records = openRecords(place)
  await records.audience('docs', ['read'])
  const holder = await records.client({ grants: { docs: ['read'] } })
  await records.close()
  const token = await call.issue(holder)
  const make = async (...flags: string[]) => {
    const { client_id: id, client_secret: secret } = await cli.json(
      'client create --name reader',
      ...flags,
    )
    return { id: String(id), secret: String(secret) }
  }
  const reader = await make('--introspects', 'docs')
  expect(JSON.parse(await call.introspect(reader, token))).toMatchObject({
    active: true,
    ...decode(token).claims,
  })
  expect(await call.introspect(await make('--introspects', 'hook'), token)).toBe('{"active":false}')
})

it('secret add leaves the previous secret valid until its expiry, and allows five live secrets', async () => {
  type Added = { secret_id: string; client_secret: string }
  const created = await cli.json<Added & { client_id: string }>(
    'client create --name rotating --grant latchkey=admin:read',
  )
  const id = created.client_id
  const works = async ({ client_secret: secret }: Added): Promise<boolean> =>
    (await call.requestToken({ id, secret })).status === 200
  const add = (...flags: string[]) => cli.json<Added>(`secret add ${id}`, ...flags)

  const second = await add()
  expect([await works(created), await works(second)]).toEqual([true, true])
  const third = await add('--previous-expires-in', '0')
  expect([await works(created), await works(second), await works(third)]).toEqual([
    false,
    false,
    true,
  ])
  expect(await cli.json<Added[]>(`secret list ${id}`)).toMatchObject([
    { secret_id: third.secret_id },
  ])

  const more = [await add(), await add(), await add(), await add()]
  await cli.refused(/the client has as many live secrets as it may have/, `secret add ${id}`)
  expect(await cli.json<Added[]>(`secret list ${id}`)).toHaveLength(5)
  const live = await Promise.all([third, ...more].map(works))
  expect(live).toEqual([true, true, true, true, true])

  await cli.json(`secret revoke ${id} ${third.secret_id}`)
  expect(await works(third)).toBe(false)
  const last = await add('--previous-expires-in', '0')
  expect([await works(last), ...(await Promise.all(more.map(works)))]).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})
