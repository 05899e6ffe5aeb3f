// Consistent reads: another connection commits after each statement of a read in turn.
import { describe, expect, it } from 'vitest'
import type { Store, GrantedClient } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import {
  NOW,
  createdClient,
  createdPlugin,
  theAudience,
  theClient,
  thePlugin,
  theWorkspace,
} from './records.ts'

type Case = {
  title: string
  take: (store: Store) => Promise<() => Promise<void>>
  /** The generation, and whether the removed value is still there. */
  read: (subject: GrantedClient) => [generation: number | undefined, there: boolean]
}

/** Id of the client and of its plugin. */
const ID = 'subject'

/**
 * Number of the statement after which the other connection commits: more than a read has on any
 * driver.
 */
const STATEMENTS = [1, 2, 3, 4, 5]

const CASES: Case[] = [
  {
    title: 'the permissions and the generation of a client',
    async take(store) {
      const before = await theClient(store, ID)
      const grants = [{ audience: 'api', permissions: ['read'] }]
      return () => store.updateClient(before, { grants }, NOW)
    },
    read: ({ generation, grants }) => [
      generation,
      grants.some(({ permissions }) => permissions.includes('full')),
    ],
  },
  {
    title: 'the plugins and the generation of a client',
    async take(store) {
      const before = await theClient(store, ID)
      return () => store.updateClient(before, { plugins: [] }, NOW)
    },
    read: ({ generation, plugins }) => [generation, plugins.length > 0],
  },
  {
    title: 'the details and the generation of a client',
    async take(store) {
      const before = await theClient(store, ID)
      return () => store.updateClient(before, { details: [] }, NOW)
    },
    read: ({ generation, details }) => [generation, details.length > 0],
  },
  {
    title: 'the audiences to introspect and the generation of a client',
    async take(store) {
      const before = await theClient(store, ID)
      return () => store.updateClient(before, { introspects: [], grants: [] }, NOW)
    },
    read: ({ generation, introspects }) => [generation, introspects.length > 0],
  },
  {
    title: 'the status and the generation of a client',
    async take(store) {
      const before = await theClient(store, ID)
      return () => store.updateClient(before, { status: 'disabled' }, NOW)
    },
    read: ({ generation, status }) => [generation, status === 'active'],
  },
  {
    title: 'the permissions of an audience and the generation of a client',
    async take(store) {
      const before = await theAudience(store, 'api')
      return () => store.updateAudience(before, { permissions: [] }, NOW)
    },
    read: ({ generation, grants }) => [generation, grants.length > 0],
  },
  {
    title: 'the capabilities and the generation of a plugin',
    async take(store) {
      const before = await thePlugin(store, ID)
      return () => store.updatePlugin(before, { capabilities: [] }, NOW)
    },
    read: ({ plugins: [plugin] }) => [plugin?.generation, plugin?.capabilities.length === 1],
  },
  {
    title: 'the status and the generation of a workspace',
    async take(store) {
      const before = await theWorkspace(store, 'default')
      return () => store.updateWorkspace(before, { status: 'suspended' }, NOW)
    },
    read: ({ workspace }) => [workspace?.generation, workspace?.status === 'active'],
  },
]

const DETAIL = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p',
  locations: '*',
  actions: '*',
}

const prepare = async (store: Store): Promise<void> => {
  await createdPlugin(store, ID, { capabilities: ['connector:chat'] })
  await createdClient(store, ID, {
    plugins: [ID],
    grants: [{ audience: 'api', permissions: ['full', 'read'] }],
    introspects: ['api'],
    details: [DETAIL],
  })
}

export const oneStateContract = (open: Open): void => {
  describe('token request never sees two states at once', () => {
    const database = useDatabase(open)

    const moments = CASES.flatMap((one) => STATEMENTS.map((at) => ({ ...one, at })))
    it.each(moments)('$title, changed after statement $at', async ({ take, read, at }) => {
      const { store } = database
      await prepare(store)
      const before = await store.findGrantedClient(ID)
      expect(before && read(before)).toEqual([1, true])
      const commit = await take(store)
      let statements = 0
      const interleaved = await database.interleaved(async () => {
        statements += 1
        if (statements === at) await commit()
      })
      const during = await interleaved.findGrantedClient(ID)
      const states = [
        [1, true],
        [2, false],
      ]
      expect(states).toContainEqual(during && read(during))
      expect(statements).toBeLessThanOrEqual(STATEMENTS.length)
    })
  })
}
