import { type SQL, and, asc, eq, gt, sql } from 'drizzle-orm'
import { MAX_JTI_RULES_PER_CLIENT } from '../../constants.ts'
import { Unavailable } from '../../errors.ts'
import { namedWorkspaceValue, workspaceRuleValue } from '../../revocation/rules.ts'
import { revocationCounter, revocations, workspaces } from '../schema.sqlite.ts'
import type { Revocation, RevocationFilter, RevocationHead, Store, Workspace } from '../store.ts'
import { pageVerbs } from './revocation-pages.ts'
import { type Driver, type Statement, limitOf, newEtag, remembering } from './database.ts'
import { addRules, clientRules, markedWith, prunedRules, raiseClients } from './rules.ts'

type RevocationVerbs = Pick<
  Store,
  | 'listRevocations'
  | 'findRevocationHead'
  | 'readRevocationPage'
  | 'listRevocationPageEnds'
  | 'pruneRevocations'
  | 'revokeToken'
>

/** Rules over plugins and keys belong to no workspace. */
const ofWorkspace = ({ id, ref }: Pick<Workspace, 'id' | 'ref'>): SQL => sql`(
  (${revocations.kind} = 'workspace'
    and ${revocations.value} in (${workspaceRuleValue(ref)}, ${namedWorkspaceValue(id)}))
  or (${revocations.kind} = 'client'
    and ${revocations.value} in (select id from clients where workspace_id = ${id}))
  or (${revocations.kind} = 'run'
    and ${revocations.value} in (select value from closed_runs where workspace_id = ${id}
      union all select rule_value from closed_runs where workspace_id = ${id}))
  or ${revocations.clientId} in (select id from clients where workspace_id = ${id}))`

const fits = (
  { kind, clientId }: RevocationFilter,
  workspace: Pick<Workspace, 'id' | 'ref'> | null,
): SQL | undefined =>
  and(
    kind && eq(revocations.kind, kind),
    clientId === undefined
      ? undefined
      : sql`(${revocations.clientId} = ${clientId}
          or (${revocations.kind} = 'client' and ${revocations.value} = ${clientId}))`,
    workspace === null ? undefined : ofWorkspace(workspace),
  )

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

    async pruneRevocations(now) {
      await atomically(prunedRules(db, now))
    },

    async listRevocations(filter = {}, { after = 0, ...part } = {}) {
      const { workspaceId } = filter
      const workspace = workspaceId === undefined ? null : await findWorkspace(workspaceId)
      if (workspaceId !== undefined && workspace === null) return []
      const rows = await db
        .select()
        .from(revocations)
        .where(and(fits(filter, workspace), gt(revocations.seq, after)))
        .orderBy(asc(revocations.seq))
        .limit(limitOf(part))
      return rows as Revocation[]
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
