// The dialect: everything that a step cannot write in the same words for every database engine. A driver has one of
// these and a connection; the steps are shared.
import type { SQL, SQLWrapper } from 'drizzle-orm/sql'

/** Names of the checks on `assertions`. */
export type Assertion = 'unchanged' | 'administrable' | 'within_limit'

/** The cause of a refused statement: an assertion failed, an id exists already, or a reference has no target. */
export type Violation = Assertion | 'unique' | 'foreign_key'

/** An error of a driver, without its text: that can repeat the parameters of the statement. */
export type DriverError = {
  violation: Violation | null
  /** The engine's own code, or the name of the error, for the log. */
  code: string
  /** True where another writer held a lock: the step has left nothing behind and can be tried again. */
  isBusy: boolean
}

export type Dialect = {
  /** The larger of two numbers; null where one of them is null. */
  greatest(first: SQLWrapper, second: SQLWrapper): SQL
  /** The smaller of two numbers; null where one of them is null. */
  least(first: SQLWrapper, second: SQLWrapper): SQL

  /** The part of a text before the first separator; empty where there is none. */
  beforeFirst(text: SQLWrapper, separator: string): SQL
  /** The part of a text behind the first separator; the whole text where there is none. */
  behindFirst(text: SQLWrapper, separator: string): SQL
  /** Aggregate: the texts of all rows, with commas between them. */
  joined(text: SQLWrapper): SQL

  json: JsonFragments

  /** A table, read by this index and no other; null: in the order of its integer key. The step bounds the rows. */
  readBy(table: string, index: string | null): SQL
  /** The join whose left side is read first: each of its rows is then looked up on the right side. */
  lookupJoin: SQL

  readError(error: unknown): DriverError
}

/** JSON in statements. `member` is a constant of our code, and `list` a JSON list: a column, an expression or a bound text. */
export type JsonFragments = {
  /** Rows `key` (from 0) and `value` (a text) of a list of texts, for a FROM clause. */
  texts(list: SQLWrapper, alias?: string): SQL
  /** Rows `key` (from 0) and `value` (JSON) of a list of objects, for a FROM clause. */
  objects(list: SQLWrapper, alias?: string): SQL
  /** Rows `key` and `value` (a text) of the list that is a member of an object. Unspecified rows for other members. */
  memberTexts(object: SQLWrapper, member: string, alias?: string): SQL
  /** A member of an object, as a text. */
  text(object: SQLWrapper, member: string): SQL
  /** A member of an object, as an integer. */
  integer(object: SQLWrapper, member: string): SQL
  /** A member of an object, as a value for a JSON column. */
  member(object: SQLWrapper, member: string): SQL
  /** True for a member that is a list. */
  hasList(object: SQLWrapper, member: string): SQL
  /** An object with another value for a member. */
  withMember(object: SQLWrapper, member: string, value: SQL): SQL
  /** Aggregate: a list of the values of all rows, in this order. */
  list(value: SQLWrapper, order?: SQLWrapper): SQL
  /** A new object. */
  object(members: Readonly<Record<string, SQLWrapper>>): SQL
  /** A JSON column as a value within a list or an object. */
  stored(column: SQLWrapper): SQL
  /** The JSON text of a string. */
  quoted(text: SQLWrapper): SQL
}
