import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import { type Open, expectRefused, useDatabase } from './database.ts'
import {
  NOW,
  createdClient,
  createdPlugin,
  theAudience,
  theClient,
  thePlugin,
  theWorkspace,
  token,
} from './records.ts'

type Change = (store: Store) => Promise<void>
type Noun = {
  verb: string
  /** Reads the row and returns the change that is decided from it, which removes something. */
  decide: (store: Store) => Promise<Change>
  /** The generation that the change raises. */
  generation: (store: Store) => Promise<number>
}

const generationOf = async (row: Promise<{ generation: number }>): Promise<number> =>
  (await row).generation

const clientGeneration = (store: Store) => generationOf(theClient(store, 'client'))

const NOUNS: Noun[] = [
  {
    verb: 'updateWorkspace',
    async decide(store) {
      const before = await theWorkspace(store, 'default')
      return (other) => other.updateWorkspace(before, { status: 'suspended' }, NOW)
    },
    generation: (store) => generationOf(theWorkspace(store, 'default')),
  },
  {
    verb: 'updateAudience',
    async decide(store) {
      const before = await theAudience(store, 'api')
      return (other) => other.updateAudience(before, { permissions: [] }, NOW)
    },
    generation: clientGeneration,
  },
  {
    verb: 'updatePlugin',
    async decide(store) {
      const before = await thePlugin(store, 'chat')
      return (other) => other.updatePlugin(before, { capabilities: [] }, NOW)
    },
    generation: (store) => generationOf(thePlugin(store, 'chat')),
  },
  {
    verb: 'updateClient',
    async decide(store) {
      const before = await theClient(store, 'client')
      return (other) => other.updateClient(before, { plugins: [], grants: [] }, NOW)
    },
    generation: clientGeneration,
  },
]

const DELETE: Noun = {
  verb: 'deleteClient',
  async decide(store) {
    const before = await theClient(store, 'client')
    return (other) => other.deleteClient(before, NOW)
  },
  generation: async () => 2,
}

/** Changes of another administrator in between. A raised generation counts as a change. */
const OVERTAKING: Record<string, Change[]> = {
  updateWorkspace: [
    async (store) =>
      store.updateWorkspace(await theWorkspace(store, 'default'), { name: 'New' }, NOW),
  ],
  updateAudience: [
    async (store) => store.updateAudience(await theAudience(store, 'api'), { tokenTtl: 60 }, NOW),
  ],
  updatePlugin: [
    async (store) => store.updatePlugin(await thePlugin(store, 'chat'), { snapshot: 'v2' }, NOW),
    (store) => store.revokePluginTokens('chat', NOW),
  ],
  updateClient: [
    async (store) => store.updateClient(await theClient(store, 'client'), { name: 'New' }, NOW),
    async (store) =>
      store.updateAudience(await theAudience(store, 'api'), { permissions: [] }, NOW),
    (store) => store.revokeClientTokens('client', NOW),
    async (store) => store.deleteClient(await theClient(store, 'client'), NOW),
  ],
}
OVERTAKING['deleteClient'] = OVERTAKING['updateClient'] ?? []

const prepare = async (store: Store): Promise<void> => {
  await createdPlugin(store, 'chat', { capabilities: ['connector:chat'] })
  const grants = [{ audience: 'api', permissions: ['full'] }]
  await createdClient(store, 'client', { plugins: ['chat'], grants })
}

export const conflictContract = (open: Open): void => {
  describe('change that was decided from an older read', () => {
    const database = useDatabase(open)

    const stale = [...NOUNS, DELETE].flatMap((noun) =>
      (OVERTAKING[noun.verb] ?? []).map((overtake, i) => ({ ...noun, overtake, i })),
    )
    it.each(stale)('is refused and writes nothing: $verb ($i)', async ({ decide, overtake }) => {
      const { store } = database
      await prepare(store)
      const change = await decide(store)
      await overtake(await database.another())
      await expectRefused(database, 'conflict', () => change(store))
    })

    it.each(NOUNS)(
      'is accepted from one of several processes: $verb',
      async ({ decide, generation }) => {
        const { store } = database
        await prepare(store)
        const stores = [store, await database.another(), await database.another()]
        const changes = await Promise.all(stores.map((own) => decide(own)))
        const outcomes = await Promise.allSettled(
          changes.map((change, i) => change(stores[i] ?? store)),
        )
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        expect(await generation(store)).toBe(2)
        expect(await database.query('select gen from revocations')).toEqual([{ gen: 2 }])
      },
    )

    it('is refused when the row does not exist', async () => {
      const { store } = database
      await prepare(store)
      const gone = { id: 'nobody' }
      const [workspace, audience] = [
        await theWorkspace(store, 'default'),
        await theAudience(store, 'api'),
      ]
      const [plugin, client] = [await thePlugin(store, 'chat'), await theClient(store, 'client')]
      const changes = [
        () => store.updateWorkspace({ ...workspace, ...gone }, { status: 'suspended' }, NOW),
        () => store.updateAudience({ ...audience, ...gone }, { permissions: [] }, NOW),
        () => store.updatePlugin({ ...plugin, ...gone }, { capabilities: [] }, NOW),
        () => store.updateClient({ ...client, ...gone }, { plugins: [] }, NOW),
        () => store.deleteClient({ ...client, ...gone }, NOW),
        () => store.revokePluginTokens('nobody', NOW),
        () => store.deletePlugin({ ...plugin, ...gone }, NOW),
        () => store.revokeClientTokens('nobody', NOW),
      ]
      for (const change of changes) await expectRefused(database, 'conflict', change)
      expect(await store.findRevocation(token({ clientId: 'client', clientGen: 1 }))).toBeNull()
    })
  })
}
