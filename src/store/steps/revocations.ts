// Revocation rules: lists, single tokens, pruning.
import { type SQL, type SQLWrapper, eq, sql } from 'drizzle-orm/sql'
import { MAX_JTI_RULES_PER_CLIENT } from '../../constants.ts'
import { Unavailable } from '../../errors.ts'
import { namedWorkspaceValue, workspaceRuleValue } from '../../grants/taking-away.ts'
import { columnsOf } from '../tables/column.ts'
import { workspaces } from '../tables/registry.ts'
import { revocationCounter, revocations } from '../tables/revocations.ts'
import type { RevocationFilter, RevocationHead, RevocationStore } from '../types/revocations.ts'
import type { Workspace } from '../types/workspaces.ts'
import type { Context, Verb } from './connection.ts'
import { beginEpoch } from './epoch.ts'
import { prepared, readFirst, select } from './query.ts'
import { remembering } from './remembering.ts'
import { findRevocation } from './revocation-lookup.ts'
import { listRevocationPageEnds, readRevocationPage } from './revocation-pages.ts'
import { NO_NUMBER, addRules, clientRules, markedWith, prunedRules, raiseClients } from './rules.ts'
import { deleteFrom, newEtag } from './statements.ts'
import { type Walk, readWalk, reading } from './walk.ts'

/** A row of the workspace, looked up for each rule: the cost of a rule does not grow with the workspace. */
const isIn = (table: SQL, column: SQL, value: SQLWrapper, workspaceId: string): SQL =>
  sql`exists (select 1 from ${table} where ${column} = ${value} and workspace_id = ${workspaceId})`

/** Selects rules over the workspace, its clients and its runs. Rules over plugins and keys belong to no workspace. */
const ofWorkspace = ({ id, ref }: Pick<Workspace, 'id' | 'ref'>): SQL => {
  const { kind, value, clientId } = revocations
  return sql`case ${kind}
    when 'workspace' then ${value} in (${workspaceRuleValue(ref)}, ${namedWorkspaceValue(id)})
    when 'client' then ${isIn(sql`clients`, sql`id`, value, id)}
    when 'run' then ${isIn(sql`closed_runs`, sql`value`, value, id)}
      or ${isIn(sql`closed_runs`, sql`rule_value`, value, id)}
    else ${isIn(sql`clients`, sql`id`, clientId, id)} end`
}

/** Selects the rules over a client's tokens, whose number is bounded, and the one over the client. */
const ofClient = (id: string): SQL => sql`${revocations.seq} in (
  select seq from revocations where client_id = ${id}
  union all select seq from revocations where kind = 'client' and value = ${id})`

/**
 * Repeats the condition of the partial index `revocations_rare_kind`. SQLite uses the index only if the query has the
 * same condition with literals, not with bound values.
 */
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

const listRevocations: Verb<'listRevocations'> =
  (context) =>
  async (filter = {}, { after = 0, limit } = {}) => {
    const { workspaceId } = filter
    const { id, ref } = workspaces
    const workspace =
      workspaceId === undefined
        ? null
        : await readFirst(
            context.connection,
            select({ id, ref }, sql`from ${workspaces} where ${eq(id, workspaceId)}`),
          )
    if (workspaceId !== undefined && workspace === null) return []
    return await readWalk(context, walkOf(filter, workspace), {
      limit,
      after: [after],
      placeOf: ({ seq }) => [seq],
      read: reading(context, columnsOf(revocations)),
    })
  }

const findRevocationHead: Verb<'findRevocationHead'> = ({ connection }) => {
  const { epoch, seq, prunedSeq } = revocationCounter
  const query = select({ epoch, seq, prunedSeq }, sql`from ${revocationCounter}`)
  const readCounter = prepared(connection, query)
  const head = remembering(connection, async (): Promise<RevocationHead> => {
    const [counter] = await readCounter({})
    if (counter === undefined) throw new Unavailable('not_initialized')
    return counter
  })
  return () => head('head')
}

const pruneRevocations: Verb<'pruneRevocations'> =
  ({ connection }) =>
  async (settled) => {
    await connection.atomically(prunedRules(settled))
  }

const revokeToken: Verb<'revokeToken'> =
  ({ connection, dialect }) =>
  async ({ jti, clientId, clientGen, exp }, now) => {
    const etag = newEtag()
    const isRevoked = sql`exists (select 1 from revocations where kind = 'jti' and value = ${jti})`
    const isFull = sql`(select count(*) from revocations
      where kind = 'jti' and client_id = ${clientId} and expires_at > ${now}) >= ${MAX_JTI_RULES_PER_CLIENT}`
    const isOutdated = sql`exists (
      select 1 from clients where id = ${clientId} and generation > ${clientGen})`
    const raised = sql`id = ${clientId} and generation = ${clientGen} and ${isFull} and not ${isRevoked}`
    await connection.atomically([
      raiseClients(raised, etag),
      // The generation covers all of them now, so the rules one by one make room for the next thousand.
      deleteFrom(
        revocations,
        sql`kind = 'jti' and client_id in (select id from clients where ${markedWith(etag)})`,
      ),
      ...clientRules(dialect, markedWith(etag), now),
      ...addRules(
        dialect,
        sql`select 'jti' as kind, ${jti} as value, ${NO_NUMBER} as gen, ${clientId} as client_id,
          cast(${exp} as bigint) as expires_at where not ${isOutdated}`,
        now,
      ),
    ])
  }

export const revocationVerbs = (context: Context): RevocationStore => ({
  findRevocation: findRevocation(context),
  listRevocations: listRevocations(context),
  findRevocationHead: findRevocationHead(context),
  readRevocationPage: readRevocationPage(context),
  listRevocationPageEnds: listRevocationPageEnds(context),
  pruneRevocations: pruneRevocations(context),
  beginEpoch: beginEpoch(context),
  revokeToken: revokeToken(context),
})
