// The tables in SQLite: their columns (from `tables/`), keys, indexes and checks. drizzle-kit compares this file with
// the migrations. Cloudflare D1 runs the same migrations, so there is no ON DELETE CASCADE and no table is rebuilt.
import { getTableColumns, sql } from 'drizzle-orm'
import {
  type SQLiteColumn,
  type SQLiteColumnBuilderBase,
  type SQLiteTable,
  type SQLiteTableExtraConfigValue,
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import * as audit from '../tables/audit.ts'
import * as granted from '../tables/clients.ts'
import { type Column, type Columns, type Table, columnsOf, nameOf } from '../tables/column.ts'
import * as registry from '../tables/registry.ts'
import * as rules from '../tables/revocations.ts'
import * as server from '../tables/server.ts'

const TYPES = {
  text: (name: string) => text(name),
  integer: (name: string) => integer(name),
  flag: (name: string) => integer(name, { mode: 'boolean' }),
  json: (name: string) => text(name, { mode: 'json' }),
}

const made = new Map<string, SQLiteTable>()

/** The column of a table of this file that a reference points at. */
const targetOf = ({ tableName, traits: { name } }: Column): SQLiteColumn => {
  const columns = Object.values(getTableColumns(made.get(tableName) as SQLiteTable))
  return columns.find((column) => column.name === name) as SQLiteColumn
}

const columnFor = ({ traits }: Column): SQLiteColumnBuilderBase => {
  const { name, kind, target, defaultValue } = traits
  const column = TYPES[kind](name)
  if (traits.isPrimaryKey) {
    return kind === 'integer'
      ? integer(name).primaryKey({ autoIncrement: traits.isNumbered })
      : column.primaryKey()
  }
  if (!traits.isNullable) column.notNull()
  if (traits.isUnique) column.unique()
  if (defaultValue !== undefined) column.default(defaultValue as never)
  if (target !== undefined) column.references(() => targetOf(target))
  return column
}

type Extras<C extends Columns> = (columns: {
  [K in keyof C]: SQLiteColumn
}) => SQLiteTableExtraConfigValue[]

const inSqlite = <C extends Columns>(table: Table<C>, extras: Extras<C> = () => []) => {
  const name = nameOf(table)
  const columns = Object.entries(columnsOf(table)).map(([key, column]) => [key, columnFor(column)])
  const built = sqliteTable(
    name,
    Object.fromEntries(columns) as Record<string, SQLiteColumnBuilderBase>,
    (own) => extras(own as { [K in keyof C]: SQLiteColumn }),
  )
  made.set(name, built)
  return built as typeof built & { [K in keyof C]: SQLiteColumn }
}

/** Rows that lists have: deleted ones stay in the table. */
const isThere = sql`status <> 'deleted'`
const isActive = sql`status = 'active'`

export const workspaces = inSqlite(registry.workspaces, (t) => [
  index('workspaces_age').on(t.createdAt, t.id),
])

export const audiences = inSqlite(registry.audiences, (t) => [
  index('audiences_age').on(t.createdAt, t.id),
])

export const permissions = inSqlite(registry.permissions, (t) => [
  primaryKey({ columns: [t.audienceId, t.name] }),
])

export const plugins = inSqlite(registry.plugins, (t) => [
  index('plugins_age').on(t.createdAt, t.id).where(isThere),
])

export const clients = inSqlite(granted.clients, (t) => [
  index('clients_workspace').on(t.workspaceId),
  index('clients_registration_hash').on(t.registrationHash),
  // Lists, in the order of age (`steps/client-walk.ts`).
  index('clients_age').on(t.createdAt, t.id).where(isThere),
  index('clients_workspace_age').on(t.workspaceId, t.createdAt, t.id).where(isThere),
  index('clients_name').on(t.name, t.createdAt, t.id).where(isThere),
  index('clients_unused')
    .on(t.createdAt, t.id)
    .where(sql`status = 'active' and unused_after is not null`),
])

export const clientSecrets = inSqlite(granted.clientSecrets, (t) => [
  index('client_secrets_client').on(t.clientId),
  index('client_secrets_hash').on(t.hash),
  index('client_secrets_live')
    .on(t.clientId, t.expiresAt)
    .where(sql`revoked_at is null`),
])

export const clientPlugins = inSqlite(granted.clientPlugins, (t) => [
  primaryKey({ columns: [t.clientId, t.pluginId] }),
  index('client_plugins_plugin').on(t.pluginId),
])

export const clientGrants = inSqlite(granted.clientGrants, (t) => [
  primaryKey({ columns: [t.clientId, t.audienceId, t.permission] }),
  foreignKey({
    columns: [t.audienceId, t.permission],
    foreignColumns: [permissions.audienceId, permissions.name],
  }),
  index('client_grants_permission').on(t.audienceId, t.permission),
])

export const clientDetails = inSqlite(granted.clientDetails, (t) => [
  primaryKey({ columns: [t.clientId, t.position] }),
  index('client_details_target').on(t.type, t.identifier),
])

// Each id exists once across all workspaces: a resource server may compare ids alone.
export const resources = inSqlite(registry.resources, (t) => [
  primaryKey({ columns: [t.type, t.id] }),
  index('resources_workspace').on(t.workspaceId),
  // Lists, in the order of age (`steps/resources.ts`).
  index('resources_age').on(t.createdAt, t.type, t.id).where(isActive),
  index('resources_type_age').on(t.type, t.createdAt, t.id).where(isActive),
  index('resources_workspace_age').on(t.workspaceId, t.createdAt, t.type, t.id).where(isActive),
  index('resources_workspace_type_age')
    .on(t.workspaceId, t.type, t.createdAt, t.id)
    .where(isActive),
])

export const enrollments = inSqlite(granted.enrollments, (t) => [
  index('enrollments_workspace').on(t.workspaceId),
  index('enrollments_age').on(t.createdAt, t.id),
  index('enrollments_workspace_age').on(t.workspaceId, t.createdAt, t.id),
  index('enrollments_expiry').on(t.expiresAt),
])

export const clientIntrospects = inSqlite(granted.clientIntrospects, (t) => [
  primaryKey({ columns: [t.clientId, t.audienceId] }),
])

export const signingKeys = inSqlite(server.signingKeys, (t) => [
  uniqueIndex('signing_keys_one_active')
    .on(t.algorithm)
    .where(sql`state = 'active'`),
  uniqueIndex('signing_keys_one_next')
    .on(t.algorithm)
    .where(sql`state = 'next'`),
])

export const revocations = inSqlite(rules.revocations, (t) => [
  uniqueIndex('revocations_kind_value').on(t.kind, t.value),
  index('revocations_client').on(t.clientId),
  // Rare kinds. Lists of the other kinds read all rules in steps (`steps/revocations.ts`).
  index('revocations_rare_kind')
    .on(t.kind)
    .where(sql`kind not in ('jti', 'run')`),
  index('revocations_expiry').on(t.expiresAt),
])

export const revocationCounter = inSqlite(rules.revocationCounter)

export const serverClock = inSqlite(server.serverClock)

export const closedRuns = inSqlite(rules.closedRuns, (t) => [
  index('closed_runs_age').on(t.createdAt, t.value),
  index('closed_runs_workspace').on(t.workspaceId, t.createdAt, t.value),
  index('closed_runs_rule').on(t.ruleValue),
  index('closed_runs_identifier').on(t.workspaceId, t.identifier),
])

export const closedRunCounts = inSqlite(rules.closedRunCounts, (t) => [
  primaryKey({ columns: [t.workspaceId, t.hour] }),
])

// Each filter of a list has one: a read looks at a bounded number of rows (`steps/audit-reads.ts`).
export const auditEvents = inSqlite(audit.auditEvents, (t) => [
  index('audit_events_actor').on(t.actor),
  index('audit_events_target').on(t.target),
  index('audit_events_action').on(t.action),
  index('audit_events_outcome').on(t.outcome),
  index('audit_events_request')
    .on(t.requestId)
    .where(sql`request_id is not null`),
  index('audit_events_time').on(t.createdAt),
])

export const auditSeals = inSqlite(audit.auditSeals)

export const assertions = inSqlite(server.assertions, () => [
  check('unchanged', sql`unchanged = 1`),
  check('administrable', sql`administrable = 1`),
  check('within_limit', sql`within_limit = 1`),
])
