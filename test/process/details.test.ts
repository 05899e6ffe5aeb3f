// Resources and authorization details from a shell, read from a file or from standard input.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { auditEvents } from '../support/audit-log.ts'
import { dump, openRecords } from '../support/database.ts'
import { decode } from '../support/jwt.ts'
import { type Place, createCli, latchkeyJson, seededPlace } from '../support/processes.ts'

const DETAILS = [{ type: 'playlist', identifier: 'evening', actions: '*', parts: ['a', 'b'] }]

let place: Place
let cli: ReturnType<typeof createCli>
let client: string

beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
  const records = openRecords(place)
  await records.workspace('acme')
  await records.audience('docs', ['read'])
  const made = await records.client({ workspaceId: 'acme', grants: { docs: ['read'] } })
  client = made.id
  await records.close()
})

/** Returns the outcomes of the operations with this name. */
const outcomes = (name: string) =>
  auditEvents(place)
    .filter(({ action }) => action === name)
    .map(({ target, outcome }) => [target, outcome])

const file = (name: string, text: string): string => {
  const path = join(place.directory, name)
  writeFileSync(path, text)
  return path
}

it('resource put creates a resource, and details with it can be granted and requested', async () => {
  const put = 'resource put playlist evening --workspace acme --part a --part b'
  const evening = { type: 'playlist', id: 'evening', workspace_id: 'acme', parts: ['a', 'b'] }
  expect(await cli.json(put)).toMatchObject(evening)
  expect(outcomes('resource.create')).toEqual([['playlist#evening', 'success']])

  const words = ['client', 'details', client, '-']
  const given = await latchkeyJson(place, words, JSON.stringify(DETAILS))
  expect(given).toMatchObject({ authorization_details: DETAILS })
  expect(outcomes('client.details')).toEqual([[client, 'success']])

  const path = file('asked.json', '[{"type":"playlist","parts":["b"]}]\n')
  const issued = await cli.json(`token issue --client ${client} --audience docs --details`, path)
  const narrowed = [{ ...DETAILS[0], parts: ['b'] }]
  expect(issued['authorization_details']).toEqual(narrowed)
  const { claims } = decode(String(issued['access_token']))
  expect(claims['authorization_details']).toEqual(narrowed)
})

it('client details changes nothing when the file is missing or has a repeated member', async () => {
  const before = dump(place)
  const twice = file('twice.json', '[{"type":"playlist","type":"playlist"}]')
  await Promise.all([
    cli.refused(/nope\.json: cannot be read \(ENOENT\)/, `client details ${client} nope.json`),
    cli.refused(
      /twice\.json: cannot be read \(it is not JSON with unique members\)/,
      `client details ${client}`,
      twice,
    ),
  ])
  expect(dump(place)).toEqual(before)
})

it('resource list, show and delete work, and deletion removes the details with the resource', async () => {
  const [listed, shown] = await Promise.all([
    cli.text('resource list --type playlist --workspace acme'),
    cli.text('resource show playlist evening'),
  ])
  expect(listed).toMatch(
    /^TYPE +ID +WORKSPACE_ID +PARTS +CREATED_AT\nplaylist +evening +acme +a, b +\S+\n$/,
  )
  expect(shown).toMatch(
    /^type +playlist\nid +evening\nworkspace_id +acme\nparts +a, b\ncreated_at +\S+\n$/,
  )
  expect(await cli.json('resource delete playlist evening')).toEqual({
    type: 'playlist',
    id: 'evening',
    status: 'deleted',
  })
  expect(outcomes('resource.delete')).toEqual([['playlist#evening', 'success']])
  expect(dump(place)['client_details']).toEqual([])
})
