// Last unbound administrator that can log in: no command removes it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { auditEvents } from '../support/audit-log.ts'
import { dump } from '../support/database.ts'
import { type Place, createCli, latchkey, seededPlace } from '../support/processes.ts'

const LAST = /this is the last administrator who can still log in/
const KEEPS = /must keep admin:read and admin:write and require no plugin/

const firstAdministrator = (place: Place): string => {
  const text = readFileSync(join(place.directory, 'keys', 'admin.json'), 'utf8')
  return (JSON.parse(text) as { client_id: string }).client_id
}

let place: Place
let cli: ReturnType<typeof createCli>
let first: string
beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
  first = firstAdministrator(place)
})

it('last administrator is protected from every command until there is a second one', async () => {
  // Two clients that do not count: one is bound to a workspace, the other may only read.
  await cli.json('client create --name bound --grant', 'latchkey=admin:read admin:write')
  const reader = await cli.json('admin create --name reader')
  const readOnly = `client grant ${String(reader['client_id'])} --grant latchkey=admin:read`
  await cli.json(readOnly)
  const [only] = await cli.json<{ secret_id: string }[]>(`secret list ${first}`)
  const secret = only?.secret_id ?? ''
  const before = dump(place)

  const WAYS: [line: RegExp, command: string][] = [
    [LAST, `client disable ${first}`],
    [LAST, `client delete ${first}`],
    [LAST, `client grant ${first} --grant latchkey=`],
    [LAST, `client grant ${first} --grant latchkey=admin:read`],
    [LAST, `secret revoke ${first} ${secret}`],
    [LAST, `secret add ${first} --expires-in 3600 --previous-expires-in 0`],
    [LAST, `secret add ${first} --expires-in 3600`],
    [KEEPS, 'audience update latchkey --permission admin:read'],
    [KEEPS, 'audience update latchkey --permission admin:write'],
    [KEEPS, 'audience update latchkey --requires-plugin'],
  ]
  await Promise.all(WAYS.map(([line, command]) => cli.refused(line, command)))
  expect(dump(place)).toEqual(before)
  const refused = auditEvents(place).filter(({ outcome }) => outcome === 'refused')
  const reasons = refused.map(({ reason }) => reason)
  expect(reasons).toHaveLength(WAYS.length)
  expect(reasons.filter((reason) => reason === 'last_administrator')).toHaveLength(WAYS.length)
  await cli.json(`token issue --client ${first} --audience latchkey --scope admin:write`)

  const { client_id: second } = await cli.json('admin create --name second')
  await cli.json(`client disable ${first}`)
  await cli.refused(LAST, `client disable ${String(second)}`)
  await cli.json(`client enable ${first}`)
  await cli.json(`client delete ${String(second)}`)
})

it('administrators who delete each other at once do not both succeed', async () => {
  const administrators = await Promise.all([
    cli.json<{ client_id: string }>('admin create --name third'),
    cli.json<{ client_id: string }>('admin create --name fourth'),
  ])
  await cli.json(`client disable ${first}`)
  const outputs = await Promise.all(
    administrators.map(({ client_id: id }) => latchkey(place, ['client', 'delete', id])),
  )
  expect(outputs.map(({ code }) => code).sort()).toEqual([0, 1])
  expect(outputs.find(({ code }) => code === 1)?.stderr).toMatch(LAST)
})
