// The lookup of a token's revocation: prepared once, one or two statements each time.
import { type SQL, and, eq, gt, or, sql } from 'drizzle-orm/sql'
import { revocations } from '../tables/revocations.ts'
import type { RevocationKind, RevocationLookup } from '../types/revocations.ts'
import type { Context, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { inList } from './lists.ts'
import { isWord } from './literals.ts'
import { findRule } from './named-rules.ts'
import { type Query, computed, prepared, select } from './query.ts'
import { remembering } from './remembering.ts'

/** `seq` is null where the subject of a rule was found, and not the rule. */
type Found = { kind: RevocationKind; seq: number | null }

/** True for a rule of this kind and value; where the kind has generations, for one above the token's. */
const ruleOver = (kind: RevocationKind, generation?: string): SQL | undefined =>
  and(
    isWord(revocations.kind, kind),
    eq(revocations.value, sql.placeholder(kind)),
    generation === undefined ? undefined : gt(revocations.gen, sql.placeholder(generation)),
  )

/** Finds rules by their values. It has no LIMIT, which would be bound (`literals.ts`): a few rows, two for each run. */
const matchingRules = (dialect: Dialect): Query<Found> => {
  const isListed = (name: string) => {
    const list = sql`${sql.placeholder(name)}`
    return sql`${revocations.value} ${inList(dialect, list)}`
  }
  const runRule = and(isWord(revocations.kind, 'run'), isListed('runs'))
  const workspaceRule = and(
    isWord(revocations.kind, 'workspace'),
    isListed('workspaces'),
    gt(revocations.gen, sql.placeholder('workspaceGen')),
  )
  const matches = or(
    ruleOver('jti'),
    ruleOver('key'),
    ruleOver('client', 'clientGen'),
    ruleOver('plugin', 'pluginGen'),
    workspaceRule,
    runRule,
  )
  const { kind, seq } = revocations
  return select({ kind, seq }, sql`from ${revocations} where ${matches}`)
}

/**
 * Finds the same revocations by the subjects of the rules: generations, closed runs, the latest pruned expiry. A clock
 * that ran ahead has pruned rules too early; it leaves these values in place.
 */
const outdatedSubjects = ({ json, lookupJoin }: Dialect): Query<Found> => {
  const raised = (
    kind: 'client' | 'plugin' | 'workspace',
  ) => sql`select ${sql.raw(`'${kind}'`)} as kind
    from ${sql.raw(`${kind}s`)}
    where id = ${sql.placeholder(kind)} and generation > ${sql.placeholder(`${kind}Gen`)}`
  const runs = json.texts(sql`${sql.placeholder('runs')}`, 'asked')
  return select(
    { kind: computed<RevocationKind>(sql`kind`), seq: computed<null>(sql`null`) },
    sql`from (${raised('client')}
      union all ${raised('plugin')}
      union all ${raised('workspace')}
      union all select 'run' from ${runs}
        ${lookupJoin} closed_runs run on run.value = asked.value
      union all select 'jti' from server_clock
        where pruned_until > 0 and pruned_until >= ${sql.placeholder('exp')}) outdated`,
  )
}

const createLookup = ({ connection, dialect }: Context) => {
  const findRule = prepared(connection, matchingRules(dialect))
  const findOutdated = prepared(connection, outdatedSubjects(dialect))
  return async (token: RevocationLookup): Promise<Found | null> => {
    const { workspace, plugin } = token
    const compared = {
      client: token.clientId,
      clientGen: token.clientGen,
      plugin: plugin?.id ?? null,
      pluginGen: plugin?.generation ?? null,
      workspace: workspace.id,
      workspaces: JSON.stringify(workspace.values),
      workspaceGen: workspace.generation,
      runs: JSON.stringify(token.runs),
      exp: token.exp,
    }
    const [rule] = await findRule({ ...compared, jti: token.jti, key: token.kid })
    if (rule !== undefined) return rule
    const [outdated] = await findOutdated(compared)
    return outdated ?? null
  }
}

export const findRevocation: Verb<'findRevocation'> = (context) => {
  const lookUp = createLookup(context)
  const find = remembering(context.connection, async (_key: string, token: RevocationLookup) => ({
    kind: (await lookUp(token))?.kind ?? null,
  }))
  return async (token) => (await find(JSON.stringify(token), token)).kind
}

export const explainRevocation: Verb<'explainRevocation'> = (context) => {
  const lookUp = createLookup(context)
  const find = findRule(context)
  return async (token) => {
    const found = await lookUp(token)
    if (found === null) return null
    return { kind: found.kind, rule: found.seq === null ? null : await find(found.seq) }
  }
}
