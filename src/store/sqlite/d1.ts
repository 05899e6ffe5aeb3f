// Cloudflare D1: batch() is the atomic step.
import type { AnyD1Database } from 'drizzle-orm/d1'
import type { Connection, RawRow } from '../steps/connection.ts'
import { createStore } from '../steps/store.ts'
import type { Store } from '../store.ts'
import { type Compiled, compile } from './compile.ts'
import { sqliteDialect } from './dialect.ts'

/** The slices of D1's interface that the store uses. */
type Prepared = {
  bind(...values: unknown[]): Prepared
  raw(): Promise<RawRow[]>
}
type D1 = {
  prepare(text: string): Prepared
  batch(statements: Prepared[]): Promise<unknown>
}

const connect = (d1: D1): Connection => ({
  async run(statement) {
    const { text, values } = compile(statement)
    return await d1
      .prepare(text)
      .bind(...values())
      .raw()
  },
  prepare(statement) {
    let compiled: Compiled | undefined
    return (parameters) => {
      const { text, values } = (compiled ??= compile(statement))
      return d1
        .prepare(text)
        .bind(...values(parameters))
        .raw()
    }
  },
  async atomically(statements, beforeCommit) {
    if (statements.length === 0) return
    beforeCommit?.()
    const compiled = statements.map(compile)
    await d1.batch(compiled.map(({ text, values }) => d1.prepare(text).bind(...values())))
  },
  async close() {},
})

/** @param binding the D1 binding, migrated (`wrangler d1 migrations apply`) */
export const openD1Store = (binding: AnyD1Database): Store =>
  createStore({ connection: connect(binding as unknown as D1), dialect: sqliteDialect })
