// A removal, its generation and its rule are one step: a failure of either undoes both, and no
// other connection sees one without the other.
import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import { type Current, type Open, everything, thrownBy, useDatabase } from './database.ts'
import {
  NOW,
  createdClient,
  createdPlugin,
  createdResource,
  key,
  playlist,
  theAudience,
  theClient,
  thePlugin,
  theResource,
  theWorkspace,
} from './records.ts'

type Take = {
  verb: string
  /** Reads the rows that decide the change. */
  decide: (store: Store) => Promise<(store: Store) => Promise<unknown>>
}

const always = (take: (store: Store) => Promise<unknown>): Take['decide'] => {
  return async () => take
}

const TAKES: Take[] = [
  {
    verb: 'updateClient',
    async decide(store) {
      const before = await theClient(store, 'client')
      return (other) => other.updateClient(before, { grants: [] }, NOW)
    },
  },
  {
    verb: 'deleteClient',
    async decide(store) {
      const before = await theClient(store, 'client')
      return (other) => other.deleteClient(before, NOW)
    },
  },
  {
    verb: 'revokeClientTokens',
    decide: always((store) => store.revokeClientTokens('client', NOW)),
  },
  {
    verb: 'updateAudience',
    async decide(store) {
      const before = await theAudience(store, 'api')
      return (other) => other.updateAudience(before, { permissions: [] }, NOW)
    },
  },
  {
    verb: 'updateResource',
    async decide(store) {
      const before = await theResource(store, 'playlist', 'song')
      return (other) => other.updateResource(before, [], NOW)
    },
  },
  {
    verb: 'deleteResource',
    async decide(store) {
      const before = await theResource(store, 'playlist', 'song')
      return (other) => other.deleteResource(before, NOW)
    },
  },
  {
    verb: 'updatePlugin',
    async decide(store) {
      const before = await thePlugin(store, 'chat')
      return (other) => other.updatePlugin(before, { capabilities: [] }, NOW)
    },
  },
  {
    verb: 'updatePlugin, which disables',
    async decide(store) {
      const before = await thePlugin(store, 'chat')
      return (other) => other.updatePlugin(before, { status: 'disabled' }, NOW)
    },
  },
  {
    verb: 'deletePlugin',
    async decide(store) {
      const before = await thePlugin(store, 'chat')
      return (other) => other.deletePlugin(before, NOW)
    },
  },
  { verb: 'revokePluginTokens', decide: always((store) => store.revokePluginTokens('chat', NOW)) },
  {
    verb: 'updateWorkspace',
    async decide(store) {
      const before = await theWorkspace(store, 'default')
      return (other) => other.updateWorkspace(before, { status: 'suspended' }, NOW)
    },
  },
  {
    verb: 'closeRun',
    decide: always((store) => store.closeRun({ workspaceId: 'default', identifier: 'run' }, NOW)),
  },
  {
    verb: 'revokeKeys',
    async decide(store) {
      const [first] = await store.listKeys()
      return (other) => other.revokeKeys([first?.kid ?? ''], [key('spare')], NOW)
    },
  },
  { verb: 'beginEpoch', decide: always((store) => store.beginEpoch([key('a'), key('b')], NOW)) },
]

const prepare = async (store: Store): Promise<void> => {
  await createdPlugin(store, 'chat', { capabilities: ['connector:chat'] })
  await createdResource(store, 'playlist', 'song', { parts: ['intro'] })
  await createdClient(store, 'client', {
    plugins: ['chat'],
    grants: [{ audience: 'api', permissions: ['full'] }],
    details: [playlist('song')],
  })
}

/** Triggers that make the database fail at one half of the step. */
const FAILURES: Record<string, string[]> = {
  'the rule': ['insert on revocations'],
  'the change': [
    'update of generation on clients',
    'update of generation on plugins',
    'update of generation on workspaces',
    'update of state on signing_keys',
    'insert on closed_runs',
  ],
}

const failing = async (
  { query }: Current,
  events: readonly string[],
  run: () => Promise<void>,
): Promise<void> => {
  const named = events.map((event, i) => ({ event, name: `failure_${i}` }))
  for (const { event, name } of named) {
    await query(`create trigger ${name} before ${event} begin select raise(abort, 'failure'); end`)
  }
  try {
    await run()
  } finally {
    for (const { name } of named) await query(`drop trigger ${name}`)
  }
}

/** Finds halves of steps. Rules over workspaces and runs have a value that is not their id. */
const HALVES = [
  `select 'client ' || id as half from clients c where generation > 1 and not exists (
    select 1 from revocations where kind = 'client' and value = c.id and gen = c.generation)`,
  `select 'plugin ' || id as half from plugins p where generation > 1 and not exists (
    select 1 from revocations where kind = 'plugin' and value = p.id and gen = p.generation)`,
  `select 'workspace ' || id as half from workspaces w where generation > 1 and not exists (
    select 1 from revocations where kind = 'workspace' and gen = w.generation)`,
  `select 'key ' || kid as half from signing_keys k where state = 'revoked' and not exists (
    select 1 from revocations where kind = 'key' and value = k.kid)`,
  `select 'run' as half where (select count(*) from closed_runs)
    <> (select count(*) from revocations where kind = 'run')`,
  `select 'rule over ' || kind as half from revocations r where
    (kind = 'client' and gen > (select generation from clients where id = r.value))
    or (kind = 'plugin' and gen > (select generation from plugins where id = r.value))
    or (kind = 'workspace' and gen > (select max(generation) from workspaces))
    or (kind = 'key' and exists (
      select 1 from signing_keys where kid = r.value and state <> 'revoked'))`,
  `select 'counter' as half from revocation_counter
    where seq <> (select coalesce(max(seq), 0) from revocations)`,
]

export const atomicContract = (open: Open): void => {
  describe('removal', () => {
    const database = useDatabase(open)

    const failures = TAKES.flatMap((take) =>
      Object.entries(FAILURES).map(([what, events]) => ({ ...take, what, events })),
    )
    it.each(failures)(
      'leaves nothing when $what cannot be written: $verb',
      async ({ decide, events }) => {
        const { store } = database
        await prepare(store)
        const take = await decide(store)
        await failing(database, events, async () => {
          const before = await everything(database)
          await thrownBy(take(store))
          expect(await everything(database)).toEqual(before)
        })
        await take(store)
        expect(await database.query('select 1 from revocations limit 1')).toHaveLength(1)
      },
    )

    it.each(TAKES)('is never seen by halves: $verb', async ({ decide }) => {
      await prepare(database.store)
      const seen: Promise<unknown[]>[] = []
      const store = await database.interleaved(() => {
        const looks = HALVES.map((statement) => database.query(statement))
        seen.push(...looks)
        return Promise.all(looks)
      })
      await (
        await decide(database.store)
      )(store)
      const halves = await Promise.all(seen)
      expect(halves.length).toBeGreaterThan(0)
      expect(halves.flat()).toEqual([])
      expect(await database.query('select 1 from revocations limit 1')).toHaveLength(1)
    })
  })
}
