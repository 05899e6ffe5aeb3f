import { describe, expect, it } from 'vitest'
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  PRUNE_GRACE_SECONDS,
  RULE_RETENTION_SECONDS,
} from '../../../src/constants.ts'
import { namedRunValue, runRuleValue } from '../../../src/grants/taking-away.ts'
import type { Run } from '../../../src/store/store.ts'
import { live } from '../../support/clock.ts'
import { type Open, expectNoChange, expectRefused, useDatabase } from './database.ts'
import { newWorkspace, NOW, seed, token } from './records.ts'

const RUN: Run = { workspaceId: 'default', identifier: 'run-1' }

const valueOf = ({ workspaceId, identifier }: Run): string => namedRunValue(workspaceId, identifier)

const REFS: Record<string, string> = {
  default: seed.workspace.ref,
  acme: newWorkspace('acme').ref,
}

const ruleOf = ({ workspaceId, identifier }: Run): string =>
  runRuleValue((workspaceId && REFS[workspaceId]) ?? seed.noWorkspaceRef, identifier)

/** Tokens after `RUN` was closed. */
const CASES: readonly (readonly [title: string, runs: Run[], closed: boolean])[] = [
  ['no run', [], false],
  ['the run', [RUN], true],
  ['the run among others', [{ ...RUN, identifier: 'run-2' }, RUN], true],
  ['another run', [{ ...RUN, identifier: 'run-2' }], false],
  ['a run whose name goes on', [{ ...RUN, identifier: 'run-10' }], false],
  ['the run of another workspace', [{ ...RUN, workspaceId: 'acme' }], false],
  ['the run of no workspace', [{ ...RUN, workspaceId: null }], false],
]

export const runContract = (open: Open): void => {
  describe('closed run', () => {
    const database = useDatabase(open)

    it.each(CASES)('revokes tokens with that run only: %s', async (_, runs, closed) => {
      const { store } = database
      const values = runs.map(valueOf)
      expect(await store.isRunClosed(values)).toBe(false)
      const compared = [values, runs.map(ruleOf)]
      for (const of of compared) expect(await store.findRevocation(token({ runs: of }))).toBeNull()
      await store.closeRun(RUN, NOW)
      expect(await store.isRunClosed(values)).toBe(closed)
      for (const of of compared) {
        expect(await store.findRevocation(token({ runs: of }))).toBe(closed ? 'run' : null)
      }
    })

    it('matches nothing else of the same name', async () => {
      const { store } = database
      const value = valueOf(RUN)
      await store.closeRun(RUN, NOW)
      const workspace = { id: value, values: [value], generation: 1 }
      const claims = token({ jti: value, kid: value, clientId: value, workspace })
      expect(await store.findRevocation(claims)).toBeNull()
      await store.revokeToken({ jti: 'run-2', clientId: 'x', clientGen: 1, exp: NOW + 900 }, NOW)
      expect(await store.findRevocation(token({ runs: ['run-2'] }))).toBeNull()
    })

    it('is separate for clients without a workspace', async () => {
      const { store } = database
      await store.closeRun({ ...RUN, workspaceId: null }, NOW)
      expect(await store.isRunClosed([valueOf({ ...RUN, workspaceId: null })])).toBe(true)
      expect(await store.isRunClosed([valueOf(RUN)])).toBe(false)
    })

    it('is seen by another handle at once, however often that looked before', async () => {
      const { store } = database
      const other = await database.another()
      for (const one of [store, other]) expect(await one.isRunClosed([valueOf(RUN)])).toBe(false)
      await store.closeRun(RUN, NOW)
      for (const one of [store, other]) expect(await one.isRunClosed([valueOf(RUN)])).toBe(true)
    })

    it('stays closed after its rule ends, and gets no new rule', async () => {
      const { store, query } = database
      await store.closeRun(RUN, NOW)
      const end = NOW + RULE_RETENTION_SECONDS
      const rule = { kind: 'run', value: ruleOf(RUN), gen: null, client_id: null }
      expect(
        await query('select kind, value, gen, client_id, expires_at from revocations'),
      ).toEqual([{ ...rule, expires_at: end }])
      await expectNoChange(database, () => store.closeRun(RUN, NOW + 1))

      const later = end + MAX_CLOCK_TOLERANCE_SECONDS + PRUNE_GRACE_SECONDS
      await store.pruneRevocations(later)
      expect(await query('select kind from revocations')).toEqual([])
      await expectNoChange(database, () => store.closeRun(RUN, later))
      expect(await store.isRunClosed([valueOf(RUN)])).toBe(true)
    })

    it('is counted for as long as its rule lives, also while the wall clock is wrong', async () => {
      const { store, query } = database
      const hour = (at: number) => Math.floor(at / 3_600)
      const counted = async () =>
        (await query('select hour from closed_run_counts where hour > 0 order by hour')).map(
          (row) => row['hour'],
        )
      let closed = 0
      const closeAt = (now: number) =>
        store.closeRun({ ...RUN, identifier: `run-${closed++}` }, now)
      const ahead = NOW + 2 * 86_400
      await closeAt(NOW)
      for (const now of [ahead, NOW, NOW - 2 * 86_400]) {
        await closeAt(now)
        expect(await counted()).toEqual([hour(NOW), hour(ahead)])
      }
      await live(store, NOW + 27 * 3_600)
      await closeAt(NOW + 27 * 3_600)
      expect(await counted()).toEqual([hour(NOW + 27 * 3_600), hour(ahead)])
    })

    it('is stored once when two processes close it at once', async () => {
      const stores = [database.store, await database.another()]
      await Promise.all([...stores, ...stores].map((store) => store.closeRun(RUN, NOW)))
      expect(await database.query('select count(*) as n from closed_runs')).toEqual([{ n: 1 }])
      expect(await database.query('select count(*) as n from revocations')).toEqual([{ n: 1 }])
    })

    it('is refused for a workspace that does not exist, without a rule', async () => {
      await expectRefused(database, 'unknown_reference', () =>
        database.store.closeRun({ ...RUN, workspaceId: 'nope' }, NOW),
      )
    })

    it('is listed oldest first, by workspace and in parts, and so is its rule', async () => {
      const { store } = database
      await store.createWorkspace(newWorkspace('acme'), NOW)
      const runs = [RUN, { workspaceId: 'acme', identifier: 'run-1' }, { ...RUN, identifier: 'z' }]
      for (const [i, run] of runs.entries()) await store.closeRun(run, NOW + i)
      const rows = runs.map((run, i) => ({ ...run, id: valueOf(run), createdAt: NOW + i }))
      const [first, second, third] = rows
      expect(await store.listClosedRuns()).toEqual(rows)
      expect(await store.listClosedRuns({ workspaceId: 'acme' })).toEqual([second])
      expect(await store.listClosedRuns({ workspaceId: 'nope' })).toEqual([])
      expect(await store.listClosedRuns({}, { after: first, limit: 1 })).toEqual([second])
      expect(await store.listClosedRuns({}, { after: second })).toEqual([third])

      const rules = await store.listRevocations({ workspaceId: 'acme' })
      expect(rules).toMatchObject([{ kind: 'run', value: ruleOf({ ...RUN, workspaceId: 'acme' }) }])
      expect(await store.listRevocations({ kind: 'run' })).toHaveLength(3)
    })
  })
}
