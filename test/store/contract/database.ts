// Requirements of the contract on a driver under test, and its own view of the database.
import { Table, getTableColumns, getTableName, is } from 'drizzle-orm'
import { afterEach, beforeEach, expect } from 'vitest'
import { Conflict, OperationRefused, type RefusalCode } from '../../../src/errors.ts'
import * as schema from '../../../src/store/sqlite/schema.ts'
import type { Store } from '../../../src/store/store.ts'
import { NOW, seed } from './records.ts'

export type Row = Record<string, unknown>

/** A migrated database without a row. */
export type TestDatabase = {
  store: Store
  /** A second handle on it, as another process has. */
  another(): Promise<Store>
  /** A handle that lets `then` begin after each of its statements, before the next one. */
  interleaved(then: AfterStatement): Promise<Store>
  /** Runs one statement beside the store, for cases that no verb covers. */
  query(sql: string): Promise<Row[]>
  close(): Promise<void>
}

/**
 * Work after a statement: all before its first `await` is done before the next statement, on every
 * driver.
 */
export type AfterStatement = () => Promise<unknown>

export type Open = () => Promise<TestDatabase>

/** The database of the test that runs. */
export type Current = Pick<TestDatabase, 'another' | 'interleaved' | 'query'> & {
  readonly store: Store
}

/** A new database for each test, which `bootstrap` has filled with `seed`. */
export const useDatabase = (open: Open): Current => {
  const current = useEmptyDatabase(open)
  beforeEach(async () => {
    await current.store.bootstrap(seed, NOW, () => {})
  })
  return current
}

export const useEmptyDatabase = (open: Open): Current => {
  let database: TestDatabase | undefined
  const opened = (): TestDatabase => {
    if (database === undefined) throw new Error('there is a database only while a test runs')
    return database
  }
  beforeEach(async () => {
    database = await open()
  })
  afterEach(async () => {
    await database?.close()
    database = undefined
  })
  return {
    get store() {
      return opened().store
    },
    another: () => opened().another(),
    interleaved: (then) => opened().interleaved(then),
    query: (sql) => opened().query(sql),
  }
}

const tables = Object.values(schema).filter((exported) => is(exported, Table))

export const TABLES = tables.map(getTableName)

const EVERYTHING = `select ${tables
  .map((table) => {
    const columns = Object.values(getTableColumns(table)).map((column) => `"${column.name}"`)
    const name = getTableName(table)
    return `(select json_group_array(json_array(${columns.join()})) from ${name}) as ${name}`
  })
  .join(', ')}`

/** Every row of every table. Equal results show that nothing was written in between. */
export const everything = async ({ query }: Pick<Current, 'query'>): Promise<Row | undefined> =>
  (await query(EVERYTHING))[0]

export const thrownBy = async (operation: Promise<unknown>): Promise<Error> => {
  const outcome = await operation.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as Error
}

/** Expects a refusal with this code, and no change. */
export const expectRefused = async (
  database: Current,
  code: RefusalCode,
  operation: () => Promise<unknown>,
): Promise<Error> => {
  const before = await everything(database)
  const error = await thrownBy(operation())
  expect(error).toBeInstanceOf(code === 'conflict' ? Conflict : OperationRefused)
  expect(error).toMatchObject({ code })
  expect(error).not.toHaveProperty('cause')
  expect(await everything(database)).toEqual(before)
  return error
}

/** Expects success, and no change. */
export const expectNoChange = async (
  database: Current,
  operation: () => Promise<unknown>,
): Promise<void> => {
  const before = await everything(database)
  await operation()
  expect(await everything(database)).toEqual(before)
}
