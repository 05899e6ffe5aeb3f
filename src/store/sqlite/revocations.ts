import { type SQL, type SQLWrapper, eq, getTableColumns, sql } from 'drizzle-orm'
import { MAX_JTI_RULES_PER_CLIENT } from '../../constants.ts'
import { Unavailable } from '../../errors.ts'
import { namedWorkspaceValue, workspaceRuleValue } from '../../grants/taking-away.ts'
import { revocationCounter, revocations, workspaces } from '../schema.sqlite.ts'
import type { Revocation, RevocationFilter, RevocationHead, Store, Workspace } from '../store.ts'
import { pageVerbs } from './revocation-pages.ts'
import { type Driver, type Statement, newEtag, remembering } from './database.ts'
import { addRules, clientRules, markedWith, prunedRules, raiseClients } from './rules.ts'
import { type Walk, reading, readWalk } from './walk.ts'

type RevocationVerbs = Pick<
  Store,
  | 'listRevocations'
  | 'findRevocationHead'
  | 'readRevocationPage'
  | 'listRevocationPageEnds'
  | 'pruneRevocations'
  | 'revokeToken'
>

/** A row of the workspace, looked up for each rule: the cost of a rule does not grow with the workspace. */
const isIn = (table: SQL, column: SQL, value: SQLWrapper, workspaceId: string): SQL =>
  sql`exists (select 1 from ${table} where ${column} = ${value} and workspace_id = ${workspaceId})`

/** Rules over plugins and keys belong to no workspace. */
const ofWorkspace = ({ id, ref }: Pick<Workspace, 'id' | 'ref'>): SQL => {
  const { kind, value, clientId } = revocations
  return sql`case ${kind}
    when 'workspace' then ${value} in (${workspaceRuleValue(ref)}, ${namedWorkspaceValue(id)})
    when 'client' then ${isIn(sql`clients`, sql`id`, value, id)}
    when 'run' then ${isIn(sql`closed_runs`, sql`value`, value, id)}
      or ${isIn(sql`closed_runs`, sql`rule_value`, value, id)}
    else ${isIn(sql`clients`, sql`id`, clientId, id)} end`
}

/** Rules over a client's tokens, which are bounded, and the one over the client. */
const ofClient = (id: string): SQL => sql`${revocations.seq} in (
  select seq from revocations where client_id = ${id}
  union all select seq from revocations where kind = 'client' and value = ${id})`

/** Written out, not bound: the index of rare kinds says the same. */
const isRare = sql`${revocations.kind} not in ('jti', 'run')`

const walkOf = (
  { kind, clientId }: RevocationFilter,
  workspace: Pick<Workspace, 'id' | 'ref'> | null,
): Walk => {
  const all = { table: 'revocations', order: ['seq'], start: [0] }
  const ofKind = kind && eq(revocations.kind, kind)
  const filter = workspace === null ? undefined : ofWorkspace(workspace)
  if (clientId !== undefined) {
    return { ...all, index: null, within: [ofClient(clientId)], filters: [ofKind, filter] }
  }
  return ofKind === undefined || kind === 'jti' || kind === 'run'
    ? { ...all, index: null, within: [], filters: [ofKind, filter] }
    : { ...all, index: 'revocations_rare_kind', within: [isRare, ofKind], filters: [filter] }
}

export const revocationVerbs = (driver: Driver): RevocationVerbs => {
  const { db, atomically } = driver
  const counter = db
    .select({
      epoch: revocationCounter.epoch,
      seq: revocationCounter.seq,
      prunedSeq: revocationCounter.prunedSeq,
    })
    .from(revocationCounter)
    .prepare()
  const findWorkspace = async (id: string) =>
    (await db.select().from(workspaces).where(eq(workspaces.id, id)))[0] ?? null
  const head = remembering(driver, async (): Promise<RevocationHead> => {
    const rows: RevocationHead[] = await counter.all()
    const [row] = rows
    if (row === undefined) throw new Unavailable('not_initialized')
    return row
  })
  return {
    findRevocationHead: () => head('head'),

    ...pageVerbs(driver),

    async pruneRevocations(settled) {
      await atomically(prunedRules(db, settled))
    },

    async listRevocations(filter = {}, { after = 0, limit } = {}) {
      const { workspaceId } = filter
      const workspace = workspaceId === undefined ? null : await findWorkspace(workspaceId)
      if (workspaceId !== undefined && workspace === null) return []
      return await readWalk<Revocation>(db, walkOf(filter, workspace), {
        limit,
        after: [after],
        placeOf: ({ seq }) => [seq],
        read: async (step) =>
          (await reading(db, getTableColumns(revocations))(step)) as Revocation[],
      })
    },

    async revokeToken({ jti, clientId, clientGen, exp }, now) {
      const etag = newEtag()
      const known = sql`exists (select 1 from revocations where kind = 'jti' and value = ${jti})`
      const full = sql`(select count(*) from revocations
      where kind = 'jti' and client_id = ${clientId} and expires_at > ${now}) >= ${MAX_JTI_RULES_PER_CLIENT}`
      const dead = sql`exists (select 1 from clients where id = ${clientId} and generation > ${clientGen})`
      const raised = sql`id = ${clientId} and generation = ${clientGen} and ${full} and not ${known}`
      await atomically([
        raiseClients(db, raised, etag),
        // The generation says it all now; the rules one by one make room for the next thousand.
        db
          .delete(revocations)
          .where(
            sql`kind = 'jti' and client_id in (select id from clients where ${markedWith(etag)})`,
          ) as Statement,
        ...clientRules(db, markedWith(etag), now),
        ...addRules(
          db,
          sql`select 'jti' as kind, ${jti} as value, null as gen, ${clientId} as client_id, ${exp} as expires_at
          where not ${dead}`,
          now,
        ),
      ])
    },
  }
}
