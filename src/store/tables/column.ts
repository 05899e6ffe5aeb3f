// The vocabulary of tables: columns with a kind of value, a default and a reference, for every database engine. The
// schema of an engine is made from them (`sqlite/schema.ts`), and the steps name them in statements.
//
// Times are in seconds since the epoch. No column holds a token, or a secret that a copy of the database would give
// away: secrets are stored as SHA-256, private keys are encrypted.
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm/sql'

/** Kinds of values. A flag is true or false; JSON is an object or a list. */
export type Kind = 'text' | 'integer' | 'flag' | 'json'

type Traits = {
  readonly name: string
  readonly kind: Kind
  readonly isNullable: boolean
  readonly isPrimaryKey: boolean
  /** Each row gets a higher number than any row before it, deleted ones included. */
  readonly isNumbered: boolean
  readonly isUnique: boolean
  readonly defaultValue: unknown
  /** The column of another table whose values it repeats. */
  readonly target: Column | undefined
}

/** The declaration of a column. `Optional`: an insert may leave it out. */
export class Declaration<T = unknown, Optional extends boolean = boolean> {
  readonly traits: Traits
  declare readonly valueType: T
  declare readonly optional: Optional

  constructor(traits: Traits) {
    this.traits = traits
  }

  primaryKey(): Declaration<T, Optional> {
    return new Declaration({ ...this.traits, isPrimaryKey: true })
  }

  numbered(): Declaration<T, true> {
    return new Declaration({ ...this.traits, isPrimaryKey: true, isNumbered: true })
  }

  unique(): Declaration<T, Optional> {
    return new Declaration({ ...this.traits, isUnique: true })
  }

  nullable(): Declaration<T | null, true> {
    return new Declaration({ ...this.traits, isNullable: true })
  }

  default(value: T): Declaration<T, true> {
    return new Declaration({ ...this.traits, defaultValue: value })
  }

  references(target: Column): Declaration<T, Optional> {
    return new Declaration({ ...this.traits, target })
  }
}

const declare = <T>(name: string, kind: Kind): Declaration<T, false> =>
  new Declaration({
    name,
    kind,
    isNullable: false,
    isPrimaryKey: false,
    isNumbered: false,
    isUnique: false,
    defaultValue: undefined,
    target: undefined,
  })

export const text = <T extends string = string>(name: string): Declaration<T, false> =>
  declare(name, 'text')
export const integer = (name: string): Declaration<number, false> => declare(name, 'integer')
export const flag = (name: string): Declaration<boolean, false> => declare(name, 'flag')
export const json = <T>(name: string): Declaration<T, false> => declare(name, 'json')

/** Reads JSON that a driver answers as text, or has parsed already. */
export const parseJson = (value: unknown): unknown =>
  typeof value === 'string' ? JSON.parse(value) : value

const READERS: Record<Kind, (value: unknown) => unknown> = {
  text: (value) => value,
  integer: (value) => value,
  flag: Boolean,
  json: parseJson,
}

/** A column of a table. In a statement it is its name behind the name of the table. */
export class Column<T = unknown, Optional extends boolean = boolean> implements SQLWrapper {
  readonly tableName: string
  readonly traits: Traits
  declare readonly valueType: T
  declare readonly optional: Optional
  readonly #sql: SQL

  constructor(tableName: string, traits: Traits) {
    this.tableName = tableName
    this.traits = traits
    this.#sql = sql.join([sql.identifier(tableName), sql.identifier(traits.name)], sql`.`)
  }

  getSQL(): SQL {
    return this.#sql
  }

  shouldOmitSQLParens(): boolean {
    return true
  }

  /** The value as code has it, from the value that a driver answers. */
  decode(value: unknown): T {
    return (value === null ? null : READERS[this.traits.kind](value)) as T
  }

  /** The value as a statement binds it, from the value that code has. */
  encode(value: unknown): unknown {
    return value !== null && this.traits.kind === 'json' ? JSON.stringify(value) : value
  }
}

export type Columns = Readonly<Record<string, Column>>

const NAME = Symbol('name')
const COLUMNS = Symbol('columns')

/** A table. In a statement it is its name; its members are its columns. */
export type Table<C extends Columns = Columns> = C &
  SQLWrapper & { readonly [NAME]: string; readonly [COLUMNS]: C }

export const nameOf = (table: Pick<Table, typeof NAME>): string => table[NAME]

export const columnsOf = <C extends Columns>(table: { readonly [COLUMNS]: C }): C => table[COLUMNS]

type Declared<D extends Record<string, Declaration>> = {
  readonly [K in keyof D]: D[K] extends Declaration<infer T, infer O> ? Column<T, O> : never
}

const named = <C extends Columns>(
  columns: C,
  names: { name: string; inStatements: SQL },
): Table<C> => ({
  ...columns,
  [NAME]: names.name,
  [COLUMNS]: columns,
  getSQL: () => names.inStatements,
  shouldOmitSQLParens: () => true,
})

export const table = <D extends Record<string, Declaration>>(
  name: string,
  declarations: D,
): Table<Declared<D>> => {
  const columns = Object.fromEntries(
    Object.entries(declarations).map(([key, { traits }]) => [key, new Column(name, traits)]),
  )
  return named(columns as Declared<D>, { name, inStatements: sql`${sql.identifier(name)}` })
}

/** The same table under a second name, for a join with itself. */
export const aliased = <C extends Columns>(
  original: { readonly [NAME]: string; readonly [COLUMNS]: C },
  alias: string,
): Table<C> => {
  const columns = Object.fromEntries(
    Object.entries(columnsOf(original)).map(([key, { traits }]) => [
      key,
      new Column(alias, traits),
    ]),
  )
  const inStatements = sql`${sql.identifier(nameOf(original))} ${sql.identifier(alias)}`
  return named(columns as unknown as C, { name: alias, inStatements })
}

type Value<C extends Column> = C extends Column<infer T> ? T | SQL : never

type Required<C extends Columns> = {
  [K in keyof C as C[K] extends Column<unknown, false> ? K : never]: Value<C[K]>
}

/** The values of a new row: columns with a default or null may be left out. */
export type NewRow<C extends Columns> = Required<C> & Changes<C>

/** New values for some columns of a row; undefined: the column stays. */
export type Changes<C extends Columns> = { [K in keyof C]?: Value<C[K]> | undefined }
