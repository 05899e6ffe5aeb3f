// The steps' fragments in the words of SQLite.
import { type SQLWrapper, sql } from 'drizzle-orm/sql'
import type { Dialect, JsonFragments } from '../steps/dialect.ts'
import { readSqliteError } from './errors.ts'

const literal = (word: string) => sql.raw(`'${word}'`)
const path = (member: string) => literal(`$.${member}`)
const named = (alias: string | undefined) =>
  alias === undefined ? undefined : sql.raw(` ${alias}`)

const rows = (list: SQLWrapper, alias?: string) => sql`json_each(${list})${named(alias)}`
const extracted = (object: SQLWrapper, member: string) =>
  sql`json_extract(${object}, ${path(member)})`

const json: JsonFragments = {
  texts: rows,
  objects: rows,
  memberTexts: (object, member, alias) => sql`json_each(${object}, ${path(member)})${named(alias)}`,
  text: extracted,
  integer: extracted,
  member: extracted,
  hasList: (object, member) => sql`json_type(${object}, ${path(member)}) = 'array'`,
  withMember: (object, member, value) => sql`json_set(${object}, ${path(member)}, ${value})`,
  list: (value, order) =>
    order === undefined
      ? sql`json_group_array(${value})`
      : sql`json_group_array(${value} order by ${order})`,
  object: (members) => {
    const pairs = Object.entries(members).map(([name, value]) => sql`${literal(name)}, ${value}`)
    return sql`json_object(${sql.join(pairs, sql`, `)})`
  },
  stored: (column) => sql`json(${column})`,
  quoted: (text) => sql`json_quote(${text})`,
}

export const sqliteDialect: Dialect = {
  greatest: (first, second) => sql`max(${first}, ${second})`,
  least: (first, second) => sql`min(${first}, ${second})`,
  beforeFirst: (text, separator) =>
    sql`substr(${text}, 1, instr(${text}, ${literal(separator)}) - 1)`,
  behindFirst: (text, separator) => sql`substr(${text}, instr(${text}, ${literal(separator)}) + 1)`,
  joined: (text) => sql`group_concat(${text})`,
  json,
  readBy: (table, index) =>
    sql.raw(index === null ? `${table} not indexed` : `${table} indexed by ${index}`),
  lookupJoin: sql`cross join`,
  readError: readSqliteError,
}
