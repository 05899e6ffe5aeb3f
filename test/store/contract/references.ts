// Rules over workspaces and runs consist of references. In a database from before references they
// also consist of ids, while a token without a reference can live.
import { describe, expect, it } from 'vitest'
import {
  namedRunValue,
  namedWorkspaceValue,
  runRuleValue,
  workspaceRuleValue,
} from '../../../src/grants/taking-away.ts'
import type { Store } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import { NOW, ofWorkspace, seed, theWorkspace, token } from './records.ts'

const UNTIL = NOW + 1_000
const RUN = { workspaceId: 'default', identifier: 'run-1' }
const { id, ref } = seed.workspace

const NEW = [
  ['run', runRuleValue(ref, 'run-1')],
  ['run', runRuleValue(seed.noWorkspaceRef, 'run-1')],
  ['workspace', workspaceRuleValue(ref)],
]
const NAMED = [
  ['run', namedRunValue(id, 'run-1')],
  ['run', namedRunValue(null, 'run-1')],
  ['workspace', namedWorkspaceValue(id)],
]

/** A token of an older server, and one of today, of the run. */
const OLD = token({
  workspace: { ...ofWorkspace(seed.workspace, 1), values: [namedWorkspaceValue(id)] },
  runs: [namedRunValue(id, 'run-1')],
})
const TODAY = token({
  workspace: ofWorkspace(seed.workspace, 1),
  runs: [namedRunValue(id, 'run-1'), runRuleValue(ref, 'run-1')],
})

const takeBack = async (store: Store, now: number): Promise<void> => {
  await store.closeRun(RUN, now)
  await store.closeRun({ ...RUN, workspaceId: null }, now)
  await store.updateWorkspace(await theWorkspace(store, id), { status: 'suspended' }, now)
}

const valuesOf = async (store: Store): Promise<string[][]> =>
  (await store.listRevocations()).map(({ kind, value }) => [kind, value])

export const referenceContract = (open: Open): void => {
  describe('rules over workspaces and runs', () => {
    const database = useDatabase(open)

    const madeBefore = () =>
      database.query(`update revocation_counter set named_rules_until = ${UNTIL}`)

    it('consist of references only in a new database', async () => {
      const { store } = database
      await takeBack(store, NOW)
      expect((await valuesOf(store)).toSorted()).toEqual(NEW.toSorted())
    })

    it('consist of ids as well in a database from before references, in every process', async () => {
      await madeBefore()
      await takeBack(await database.another(), UNTIL - 1)
      const written = await valuesOf(database.store)
      expect(written.toSorted()).toEqual([...NEW, ...NAMED].toSorted())
      expect(new Set((await database.store.listRevocations()).map(({ seq }) => seq)).size).toBe(6)
    })

    it.each([
      ['at the end of that time', UNTIL],
      ['after that time', UNTIL + 5],
    ])('consist of references only %s', async (_, now) => {
      await madeBefore()
      await database.store.pruneRevocations(now)
      await takeBack(database.store, now)
      expect((await valuesOf(database.store)).toSorted()).toEqual(NEW.toSorted())
    })

    it('consist of references only for good after that time, also once the clock is set back', async () => {
      const { store } = database
      await madeBefore()
      await store.pruneRevocations(UNTIL - 1)
      expect(await database.query('select named_rules_until as t from revocation_counter')).toEqual(
        [{ t: UNTIL }],
      )
      await store.pruneRevocations(UNTIL)
      await takeBack(store, NOW)
      expect((await valuesOf(store)).toSorted()).toEqual(NEW.toSorted())
    })

    it.each([
      ['an older server', OLD],
      ['this server', TODAY],
    ])('revoke a token of %s, with either kind of rule', async (_, claims) => {
      const { store } = database
      expect(await store.findRevocation(claims)).toBeNull()
      await madeBefore()
      await store.closeRun(RUN, NOW)
      expect(await store.findRevocation(claims)).toBe('run')
      expect(await store.findRevocation({ ...claims, runs: [] })).toBeNull()
      await store.updateWorkspace(await theWorkspace(store, id), { status: 'suspended' }, NOW)
      expect(await store.findRevocation({ ...claims, runs: [] })).toBe('workspace')
    })

    it('are listed for the workspace in both forms', async () => {
      const { store } = database
      await madeBefore()
      await takeBack(store, NOW)
      const shown = await store.listRevocations({ workspaceId: id })
      const own = [NEW[0], NEW[2], NAMED[0], NAMED[2]].map((pair) => pair?.[1])
      expect(shown.map(({ value }) => value).toSorted()).toEqual(own.toSorted())
      expect(await store.listRevocations({ workspaceId: 'nope' })).toEqual([])
    })
  })
}
