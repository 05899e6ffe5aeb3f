// Revocation rules: lists, single tokens, pruning.
import { type SQL, eq, sql } from 'drizzle-orm/sql'
import { MAX_JTI_RULES_PER_CLIENT, MAX_UNKNOWN_JTI_RULES } from '../../constants.ts'
import { OperationRefused, Unavailable } from '../../errors.ts'
import { revocationCounter, revocations } from '../tables/revocations.ts'
import type { RevocationFilter, RevocationHead, RevocationStore } from '../types/revocations.ts'
import type { Context, Verb } from './connection.ts'
import { beginEpoch } from './epoch.ts'
import {
  type WorkspaceRef,
  findRule,
  findWorkspaceRef,
  namedRule,
  ofWorkspace,
} from './named-rules.ts'
import { computed, prepared, readFirst, select } from './query.ts'
import { remembering } from './remembering.ts'
import { explainRevocation, findRevocation } from './revocation-lookup.ts'
import { listRevocationPageEnds, readRevocationPage } from './revocation-pages.ts'
import {
  NO_NUMBER,
  addRules,
  clientRules,
  markedWith,
  prunedRules,
  raiseClients,
  ruleEnd,
} from './rules.ts'
import { deleteFrom, newEtag } from './statements.ts'
import { type Walk, readWalk, reading } from './walk.ts'

/** Selects the rules over a client's tokens, whose number is bounded, and the one over the client. */
const ofClient = (id: string): SQL => sql`${revocations.seq} in (
  select seq from revocations where client_id = ${id}
  union all select seq from revocations where kind = 'client' and value = ${id})`

/**
 * Repeats the condition of the partial index `revocations_rare_kind`. SQLite uses the index only if the query has the
 * same condition with literals, not with bound values.
 */
const isRare = sql`${revocations.kind} not in ('jti', 'run')`

const walkOf = ({ kind, clientId }: RevocationFilter, workspace: WorkspaceRef | null): Walk => {
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
    const workspace =
      workspaceId === undefined ? null : await findWorkspaceRef(context, workspaceId)
    if (workspaceId !== undefined && workspace === null) return []
    return await readWalk(context, walkOf(filter, workspace), {
      limit,
      after: [after],
      placeOf: ({ seq }) => [seq],
      read: reading(context, namedRule),
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

/** A rule over one token. `exp` is its end. */
const jtiRule = (jti: string, clientId: string, exp: SQL): SQL =>
  sql`select 'jti' as kind, ${jti} as value, ${NO_NUMBER} as gen, ${clientId} as client_id,
    null as workspace_id, ${exp} as expires_at`

const revokeToken: Verb<'revokeToken'> =
  ({ connection, dialect }) =>
  async ({ jti, clientId, clientGen, exp }, now, cause) => {
    const etag = newEtag()
    const isRevoked = sql`exists (select 1 from revocations where kind = 'jti' and value = ${jti})`
    const isFull = sql`(select count(*) from revocations
      where kind = 'jti' and client_id = ${clientId} and expires_at > ${now}) >= ${MAX_JTI_RULES_PER_CLIENT}`
    const isCurrent = clientGen === null ? sql`true` : sql`generation = ${clientGen}`
    // A generation that this step raised covers a token of any earlier generation.
    const isOutdated = sql`exists (select 1 from clients where id = ${clientId}
      and ${clientGen === null ? markedWith(etag) : sql`generation > ${clientGen}`})`
    const raised = sql`id = ${clientId} and ${isCurrent} and ${isFull} and not ${isRevoked}`
    const rule = jtiRule(jti, clientId, sql`cast(${exp} as bigint)`)
    await connection.atomically([
      raiseClients(raised, etag),
      // The generation covers all of them now, so the rules one by one make room for the next thousand.
      deleteFrom(
        revocations,
        sql`kind = 'jti' and client_id in (select id from clients where ${markedWith(etag)})`,
      ),
      ...clientRules(dialect, markedWith(etag), { now, cause }),
      ...addRules(dialect, sql`${rule} where not ${isOutdated}`, { now, cause }),
    ])
  }

/** Stands for the client of a token of which only the id is known. No client has this id. */
const UNKNOWN_CLIENT = ''

const revokeUnknownToken: Verb<'revokeUnknownToken'> =
  ({ connection, dialect }) =>
  async (jti, now, cause) => {
    const counted = select(
      { count: computed<number>(sql`count(*)`) },
      sql`from ${revocations} where client_id = ${UNKNOWN_CLIENT} and expires_at > ${now} and value <> ${jti}`,
    )
    // Read before the step: several processes may exceed the limit by one rule each.
    const { count = 0 } = (await readFirst(connection, counted)) ?? {}
    if (count >= MAX_UNKNOWN_JTI_RULES) {
      const detail = 'there are as many rules over unknown tokens as there may be'
      throw new OperationRefused('too_many_revocations', detail)
    }
    const rule = jtiRule(jti, UNKNOWN_CLIENT, ruleEnd(dialect, now))
    await connection.atomically(addRules(dialect, sql`${rule} where true`, { now, cause }))
  }

export const revocationVerbs = (context: Context): RevocationStore => ({
  findRevocation: findRevocation(context),
  explainRevocation: explainRevocation(context),
  findRule: findRule(context),
  listRevocations: listRevocations(context),
  findRevocationHead: findRevocationHead(context),
  readRevocationPage: readRevocationPage(context),
  listRevocationPageEnds: listRevocationPageEnds(context),
  pruneRevocations: pruneRevocations(context),
  beginEpoch: beginEpoch(context),
  revokeToken: revokeToken(context),
  revokeUnknownToken: revokeUnknownToken(context),
})
