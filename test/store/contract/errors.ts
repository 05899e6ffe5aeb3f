import { describe, expect, it } from 'vitest'
import { type RefusalCode, Unavailable } from '../../../src/errors.ts'
import type { Store } from '../../../src/store/store.ts'
import { type Open, expectRefused, thrownBy, useDatabase } from './database.ts'
import {
  NOW,
  API,
  audience,
  client,
  createdClient,
  createdPlugin,
  key,
  plugin,
  secret,
  theAudience,
  theClient,
  token,
} from './records.ts'

/** Mark in all written text: no message may repeat it. */
const MARK = 'marked-text'

type Case = { title: string; code: RefusalCode; write: (store: Store) => Promise<unknown> }

const grants = (...names: string[]) => [{ audience: 'api', permissions: names }]

const TAKEN: Case[] = [
  {
    title: 'a workspace whose id is taken',
    code: 'already_exists',
    write: (store) => store.createWorkspace({ id: 'default', name: MARK, ref: 'r' }, NOW),
  },
  {
    title: 'an audience whose id is taken',
    code: 'already_exists',
    write: (store) => store.createAudience(audience('api', { [MARK]: [] }), NOW),
  },
  {
    title: 'a plugin whose id is taken',
    code: 'already_exists',
    write: (store) => store.createPlugin(plugin('taken', { name: MARK }), NOW),
  },
  {
    title: 'a client whose id is taken',
    code: 'already_exists',
    write: (store) => store.createClient(client('root', { secret: secret(MARK) }), NOW),
  },
  {
    title: 'a client whose secret id is taken, with plugins that it would make',
    code: 'already_exists',
    write: (store) =>
      store.createClient(
        client(MARK, { secret: secret('root-secret'), plugins: [MARK], createPlugins: true }),
        NOW,
      ),
  },
  {
    title: 'a key whose kid is taken',
    code: 'already_exists',
    write: (store) => store.addKeys([{ ...key('key-1', 'ES256'), privateJwe: MARK }], NOW),
  },
]

const MISSING: Case[] = [
  {
    title: 'a client in a workspace that does not exist',
    code: 'unknown_reference',
    write: (store) => store.createClient(client(MARK, { workspaceId: MARK }), NOW),
  },
  {
    title: 'a client with a plugin that does not exist',
    code: 'unknown_reference',
    write: (store) => store.createClient(client(MARK, { plugins: [MARK] }), NOW),
  },
  {
    title: 'a client with a permission that does not exist',
    code: 'unknown_reference',
    write: (store) => store.createClient(client(MARK, { grants: grants('read', MARK) }), NOW),
  },
  {
    title: 'a client that introspects an audience that does not exist',
    code: 'unknown_reference',
    write: (store) => store.createClient(client(MARK, { introspects: [MARK] }), NOW),
  },
  {
    title: 'a secret of a client that does not exist',
    code: 'unknown_reference',
    write: (store) => store.addSecret(MARK, secret(MARK), NOW, NOW),
  },
  {
    title: 'a change that takes one permission and gives one that does not exist',
    code: 'unknown_reference',
    write: async (store) =>
      store.updateClient(await theClient(store, 'client'), { grants: grants(MARK) }, NOW),
  },
  {
    title: 'a change that takes a permission and gives a plugin that does not exist',
    code: 'unknown_reference',
    write: async (store) =>
      store.updateClient(await theClient(store, 'client'), { grants: [], plugins: [MARK] }, NOW),
  },
]

/** Texts that a driver's message could repeat, and that must not decide the kind of an error. */
const MISLEADING = [
  'CHECK constraint failed: unchanged',
  'CHECK constraint failed: administrable',
  'UNIQUE constraint failed: clients.id',
  'SQLITE_BUSY',
]

const expectSilent = (error: Error): void => {
  for (const text of [error.message, error.stack, JSON.stringify(error)]) {
    expect(text).not.toContain(MARK)
    expect(text).not.toMatch(/constraint|insert into|params|D1_/i)
  }
}

export const errorContract = (open: Open): void => {
  describe('error of the store', () => {
    const database = useDatabase(open)

    it.each(TAKEN)('is $code for $title', async ({ code, write }) => {
      await createdPlugin(database.store, 'taken')
      expectSilent(await expectRefused(database, code, () => write(database.store)))
    })

    it.each(MISSING)('is $code for $title', async ({ code, write }) => {
      await createdClient(database.store, 'client', { grants: grants('full', 'read') })
      expectSilent(await expectRefused(database, code, () => write(database.store)))
    })

    it.each(MISLEADING)('does not depend on written text: %s', async (text) => {
      const { store } = database
      await expectRefused(database, 'unknown_reference', () =>
        store.createClient(client('new', { name: text, workspaceId: text }), NOW),
      )
      await expectRefused(database, 'already_exists', () =>
        store.createWorkspace({ id: 'default', name: text, ref: 'r' }, NOW),
      )
    })

    it('is Unavailable when the database fails, with the code of the driver only', async () => {
      const { store, query } = database
      const before = await theAudience(store, 'api')
      await query('alter table revocations rename to gone')
      const reads = () => store.findRevocation(token({ jti: MARK }))
      const writes = () => store.updateAudience(before, { permissions: [] }, NOW)
      const failures = [await thrownBy(reads()), await thrownBy(writes())]
      await query('alter table gone rename to revocations')
      for (const error of failures) {
        expect(error).toBeInstanceOf(Unavailable)
        expect(error).toMatchObject({
          driverCode: 'SQLITE_ERROR',
          message: 'the database did not answer (SQLITE_ERROR)',
        })
        expect(error).not.toHaveProperty('cause')
        expectSilent(error)
      }
      expect(await theAudience(store, 'api')).toMatchObject(API)
    })
  })
}
