// A real D1 in workerd. The binding of Miniflare makes a blocking request for every prepare() and bind(). This module's
// binding makes one request for each execution, to a Worker that holds the real binding.
import { Agent, request } from 'node:http'
import type { AnyD1Database } from 'drizzle-orm/d1'
import { Miniflare } from 'miniflare'
import { loadMigrations } from '../../src/store/sqlite/migrate.ts'

type Row = Record<string, unknown>
type Plain = { sql: string; parameters: unknown[] }
type Method = 'all' | 'raw' | 'run' | 'batch'
type Answer = { result: unknown } | { message: string; cause: string | null }

/** The parts of D1's interface that drizzle calls. */
type Prepared = Plain & {
  bind(...parameters: unknown[]): Prepared
  all(): Promise<unknown>
  raw(): Promise<unknown>
  run(): Promise<unknown>
}

type Relayed = {
  prepare(sql: string): Prepared
  batch(statements: Prepared[]): Promise<unknown>
}

const RELAY = `
export default {
  async fetch(request, { DB }) {
    const { method, statements } = await request.json()
    try {
      const prepared = statements.map(({ sql, parameters }) => DB.prepare(sql).bind(...parameters))
      const result = method === 'batch' ? await DB.batch(prepared) : await prepared[0][method]()
      return Response.json({ result })
    } catch (error) {
      return Response.json({ message: error.message, cause: error.cause?.message ?? null })
    }
  },
}`

const post = (agent: Agent, url: URL, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })

/** Throws as D1's binding does: an error whose message contains the parameters, with a `cause`. */
const unwrapped = (answer: Answer): unknown => {
  if ('result' in answer) return answer.result
  throw new Error(answer.message, answer.cause === null ? {} : { cause: new Error(answer.cause) })
}

const relayedBinding = (url: URL, agent: Agent): AnyD1Database => {
  const execute = async (method: Method, statements: Plain[]): Promise<unknown> => {
    const plain = statements.map(({ sql, parameters }) => ({ sql, parameters }))
    const body = JSON.stringify({ method, statements: plain })
    return unwrapped(JSON.parse(await post(agent, url, body)) as Answer)
  }
  const prepare = (sql: string, parameters: unknown[] = []): Prepared => ({
    sql,
    parameters,
    bind(...given) {
      // JSON would turn undefined into null.
      if (given.includes(undefined)) throw new Error('D1_TYPE_ERROR: undefined is not supported')
      return prepare(sql, given)
    },
    all: () => execute('all', [{ sql, parameters }]),
    raw: () => execute('raw', [{ sql, parameters }]),
    run: () => execute('run', [{ sql, parameters }]),
  })
  const batch = (statements: Prepared[]) => execute('batch', statements)
  return { prepare, batch } as unknown as AnyD1Database
}

/** A binding that awaits `then` after each execution, before it returns the answer. */
export const interleavedBinding = (
  binding: AnyD1Database,
  then: () => Promise<unknown>,
): AnyD1Database => {
  const answered = async <T>(execution: Promise<T>): Promise<T> => {
    const answer = await execution
    await then()
    return answer
  }
  const interleaved = (prepared: Prepared): Prepared => ({
    ...prepared,
    bind: (...parameters) => interleaved(prepared.bind(...parameters)),
    all: () => answered(prepared.all()),
    raw: () => answered(prepared.raw()),
    run: () => answered(prepared.run()),
  })
  const { prepare, batch } = binding as unknown as Relayed
  return {
    prepare: (sql: string) => interleaved(prepare(sql)),
    batch: (statements: Prepared[]) => answered(batch(statements)),
  } as unknown as AnyD1Database
}

export type TestD1 = {
  binding: AnyD1Database
  query(sql: string): Promise<Row[]>
  /** Deletes every row of these tables in any order: D1 checks the foreign keys at the end. */
  empty(tables: string[]): Promise<void>
  dispose(): Promise<void>
}

/** Starts a D1 and migrates it as wrangler does: splits each file at its breakpoints and runs it as one batch. */
export const startD1 = async (): Promise<TestD1> => {
  const miniflare = new Miniflare({
    modules: true,
    script: RELAY,
    compatibilityDate: '2026-04-01',
    d1Databases: ['DB'],
    host: '127.0.0.1',
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    cf: false,
    telemetry: { enabled: false },
  })
  await miniflare.ready
  // workerd closes idle connections after 5 s. The agent closes them after 1 s, so that it reuses no closing one.
  const agent = new Agent({ keepAlive: true, timeout: 1_000 })
  const binding = relayedBinding(await miniflare.unsafeGetDirectURL(), agent)
  const batch = (statements: string[]) =>
    binding.batch(statements.map((sql) => binding.prepare(sql)))
  for (const { statements } of loadMigrations()) await batch(statements)

  const query = async (sql: string): Promise<Row[]> =>
    ((await binding.prepare(sql).all()) as { results: Row[] }).results
  return {
    binding,
    query,
    async empty(tables) {
      const deletions = tables.map((name) => `delete from ${name}`)
      await batch(['pragma defer_foreign_keys = on', ...deletions])
    },
    async dispose() {
      agent.destroy()
      await miniflare.dispose()
    },
  }
}
