// Values that a shell offers behind a flag: those that the operations accept, no other and none left out.
import { expect, it } from 'vitest'
import type { z } from 'zod'
import { auditQuery } from '../../src/admin/audit.ts'
import { audienceQuery } from '../../src/admin/audiences.ts'
import { clientQuery, newClient } from '../../src/admin/client-fields.ts'
import { keyQuery } from '../../src/admin/keys.ts'
import { pluginQuery } from '../../src/admin/plugins.ts'
import { revocationQuery } from '../../src/admin/revocations.ts'
import { workspaceQuery } from '../../src/admin/workspaces.ts'
import { nodesOf } from '../../src/cli/completion/tree.ts'
import { createProgram } from '../../src/cli/program.ts'

/** Commands and flags with the field that has their values. */
const FIELDS: readonly (readonly [command: string, flag: string, field: z.ZodType])[] = [
  ['admin list', '--status', clientQuery.shape.status],
  ['audience list', '--requires-plugin', audienceQuery.shape.requires_plugin],
  ['audience list', '--alg', audienceQuery.shape.algorithm],
  ['audience create', '--alg', audienceQuery.shape.algorithm],
  ['audience update', '--alg', audienceQuery.shape.algorithm],
  ['audit list', '--outcome', auditQuery.shape.outcome],
  ['client create', '--auth', newClient.shape.auth_method],
  ['client list', '--status', clientQuery.shape.status],
  ['key list', '--state', keyQuery.shape.state],
  ['key list', '--alg', keyQuery.shape.algorithm],
  ['key rotate', '--alg', keyQuery.shape.algorithm],
  ['plugin create', '--trust', pluginQuery.shape.trust],
  ['plugin update', '--trust', pluginQuery.shape.trust],
  ['plugin list', '--trust', pluginQuery.shape.trust],
  ['plugin list', '--status', pluginQuery.shape.status],
  ['revocation list', '--kind', revocationQuery.shape.kind],
  ['workspace list', '--status', workspaceQuery.shape.status],
]

const offered = nodesOf(await createProgram('')).flatMap(({ words, flags }) =>
  flags
    .filter(({ value }) => value === 'choice')
    .map(({ long, values }) => ({ flag: `${words.join(' ')} ${long}`, values })),
)

const optionsOf = (field: z.ZodType): unknown =>
  (field as z.ZodOptional<z.ZodEnum>).unwrap().options

it.each(FIELDS)('%s %s is completed with the values of its field', (command, flag, field) => {
  const found = offered.find((one) => one.flag === `${command} ${flag}`)
  expect(found?.values).toEqual(optionsOf(field))
})

it('each completed flag has a field, or orders a list', () => {
  const tested = FIELDS.map(([command, flag]) => `${command} ${flag}`)
  const others = offered.map(({ flag }) => flag).filter((flag) => !tested.includes(flag))
  expect(others.filter((flag) => !/^\S+ list --sort$/.test(flag))).toEqual([])
  expect(others).toContain('profile list --sort')
})
