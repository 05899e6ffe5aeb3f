// Mutations of the checks in the audit and in lists: readers, duration, and rows that one statement reads.
import type { Mutation } from './mutation.ts'

const LASTING = {
  stops: 'Reading the audit after the right',
  file: 'src/admin/reauthorization.ts',
  tests: ['test/admin/lasting.test.ts'],
}

const READS = {
  stops: 'Costly reads of the audit',
  file: 'src/store/steps/audit-reads.ts',
  tests: ['test/store/audit-reads.test.ts'],
}

const LISTS = {
  stops: 'Costly lists of administration',
  tests: ['test/store/list-reads.test.ts'],
}

export const AUDIT: readonly Mutation[] = [
  {
    ...LISTS,
    name: 'the end of a step of a list',
    file: 'src/store/steps/walk.ts',
    find: 'inSteps ? await endOf(context, walk, place) : null',
    replace: 'inSteps ? null : null',
  },
  {
    ...LISTS,
    name: 'the index of a list',
    file: 'src/store/sqlite/dialect.ts',
    find: '`${table} indexed by ${index}`',
    replace: '`${table} not indexed`',
  },
  {
    ...LISTS,
    name: 'the order of rules by their numbers',
    file: 'src/store/sqlite/dialect.ts',
    find: 'index === null ? `${table} not indexed`',
    replace: 'index === null ? table',
  },
  {
    ...LASTING,
    name: 'authority after each step of an export',
    find: '    await check(0)\n    for (',
    replace: '    for (',
  },
  {
    ...LASTING,
    name: 'authority during a check of the audit',
    find: 'run(() => check(AUTHORITY_MAX_AGE_MS))',
    replace: 'run(() => check(Infinity))',
  },
  {
    ...LASTING,
    name: 'a reader that is gone',
    file: 'src/admin/api/handler.ts',
    find: 'if (c.req.raw.signal.aborted) throw',
    replace: 'if (c.req.raw.signal.aborted && !permission) throw',
  },
  {
    ...LASTING,
    name: 'authority while a step is sent',
    find: '      await check(AUTHORITY_MAX_AGE_MS)',
    replace: '      await check(Infinity)',
  },
  {
    ...LASTING,
    name: 'authority after a read that took long',
    find: 'startedAt > AUTHORITY_MAX_AGE_MS) await',
    replace: 'startedAt > Infinity) await',
  },
  {
    ...LASTING,
    name: 'the workspace of a reader',
    find: 'if (workspaceId === authority.workspaceId) return',
    replace: 'if (workspaceId !== undefined) return',
  },
  {
    ...LASTING,
    name: 'the time of an export',
    find: 'at - startedAt > MAX_EXPORT_MS',
    replace: 'at - startedAt > Infinity',
  },
  {
    ...LASTING,
    name: 'the last event of an export',
    file: 'src/admin/audit.ts',
    find: 'isCounted(last) ? { upTo: last.seq } : {}',
    replace: 'isCounted(last) ? {} : {}',
  },
  {
    ...READS,
    name: 'the end of a step',
    find: 'const within = end === null ? []',
    replace: 'const within = end !== undefined ? []',
  },
  {
    ...READS,
    name: 'the index of a step',
    find: "dialect.readBy('audit_events', index)",
    replace: "sql.raw('audit_events')",
  },
  {
    ...READS,
    name: 'the steps of a cut',
    file: 'src/audit/sealing.ts',
    find: 'cuts < MAX_AUDIT_CUTS ?',
    replace: 'cuts < Infinity ?',
    tests: ['test/audit/retention.test.ts'],
  },
  {
    ...READS,
    name: 'the steps of a list',
    file: 'src/admin/pages.ts',
    find: 'step < MAX_AUDIT_LIST_STEPS &&',
    replace: 'step < Infinity &&',
    tests: ['test/admin/lasting.test.ts'],
  },
]
