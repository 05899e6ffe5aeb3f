// The columns of the tables are the members that `--json` prints: no member is left out, and none is made up.
import { expect, it } from 'vitest'
import { auditEventSchema } from '../src/admin/views/audit.ts'
import { audienceSchema } from '../src/admin/views/audience.ts'
import { clientSchema } from '../src/admin/views/client.ts'
import { enrollmentSchema } from '../src/admin/views/enrollment.ts'
import { keySchema } from '../src/admin/views/key.ts'
import { pluginSchema } from '../src/admin/views/plugin.ts'
import { resourceSchema } from '../src/admin/views/resource.ts'
import { revocationSchema } from '../src/admin/views/revocation.ts'
import { closedRunSchema } from '../src/admin/views/run.ts'
import { secretSchema } from '../src/admin/views/secret.ts'
import { tokenSchema } from '../src/admin/views/token.ts'
import { workspaceSchema } from '../src/admin/views/workspace.ts'
import { COLUMNS, type ListedNoun, membersOf } from '../src/cli/columns.ts'

const VIEWS: Record<ListedNoun, { shape: object }> = {
  admin: clientSchema,
  // Profiles are files of this machine: the admin API has none.
  profile: { shape: { name: 0, url: 0, client_id: 0, current: 0 } },
  audience: audienceSchema,
  plugin: pluginSchema,
  workspace: workspaceSchema,
  client: clientSchema,
  secret: secretSchema,
  resource: resourceSchema,
  enrollment: enrollmentSchema,
  token: tokenSchema,
  run: closedRunSchema,
  revocation: revocationSchema,
  key: keySchema,
  audit: auditEventSchema,
}

/** Members that only a table has. */
const ADDED: Partial<Record<ListedNoun, string[]>> = {
  admin: ['permissions'],
  revocation: ['subject'],
}

it.each(Object.keys(COLUMNS) as ListedNoun[])(
  'columns of %s are the members of its view',
  (noun) => {
    const members = Object.keys(VIEWS[noun].shape).filter((name) => name !== 'etag')
    expect([...membersOf(noun)].sort()).toEqual([...members, ...(ADDED[noun] ?? [])].sort())
  },
)
