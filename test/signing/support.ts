// Server whose keys change, and helpers that look at them.
import { expect } from 'vitest'
import { nowSeconds } from '../../src/clock.ts'
import { keepKeys } from '../../src/signing/rotation.ts'
import { nodeCryptography } from '../../src/node/cryptography.ts'
import { createSigner } from '../../src/signing/signer.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { atEndOfFile } from '../support/cleanups.ts'
import { live } from '../support/clock.ts'
import { KEK } from '../support/keys.ts'
import { type TestServer, startServer } from '../support/server.ts'

/** Times in seconds. */
export const HOUR = 3_600
export const DAY = 24 * HOUR
export const ROTATION = 90 * DAY
/** Algorithms without RS256, whose keys take long to make. The helpers look at the first one. */
export const ALGORITHMS = ['ES256', 'EdDSA'] as const
const [LOOKED_AT] = ALGORITHMS

export const start = async (keyRotationSeconds: number | null = ROTATION) => {
  const server = await startServer({ algorithms: ALGORITHMS, keyRotationSeconds })
  await server.audience('docs', ['read'], { algorithm: LOOKED_AT })
  return server
}

/** A second process of the server, with a database connection of its own. */
export const another = (server: TestServer): TestServer['deps'] => {
  const store = openBetterSqlite3Store(server.path)
  atEndOfFile(() => store.close())
  const cryptography = nodeCryptography({ atOnce: true })
  const signer = createSigner({ ...server.deps, store, kek: KEK, cryptography })
  return { ...server.deps, store, signer }
}

/** Maintains the keys of a server that has run all the time. */
export const keep = (deps: TestServer['deps']) => keepKeys({ ...deps, settled: nowSeconds(deps) })

export const upkeep = (server: TestServer) => keep(server.deps)

const STATES = ['active', 'next', 'retiring', 'revoked'] as const
export type States = { [state in (typeof STATES)[number]]?: string[] | undefined }

/** Kids of one algorithm by state. A state without a key is left out. */
export const states = async ({ store }: Pick<TestServer, 'store'>): Promise<States> => {
  const keys = (await store.listKeys()).filter(({ algorithm }) => algorithm === LOOKED_AT)
  const kidsIn = (state: string) => keys.filter((key) => key.state === state).map(({ kid }) => kid)
  return Object.fromEntries(
    STATES.map((state) => [state, kidsIn(state)] as const).filter(([, kids]) => kids.length > 0),
  )
}

/** Reads the JWKS of a server that has run all the time. */
export const jwks = async (server: TestServer) => {
  await live(server.store, server.seconds())
  const response = await server.request('/.well-known/jwks.json')
  const { keys } = (await response.json()) as { keys: { kid: string; alg: string }[] }
  return {
    kids: keys.filter(({ alg }) => alg === LOOKED_AT).map(({ kid }) => kid),
    maxAge: Number(
      /^public, max-age=(\d+)$/.exec(response.headers.get('cache-control') ?? '')?.[1],
    ),
  }
}

export const refusalOf = async (operation: Promise<unknown>): Promise<Error> => {
  const error = await operation.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Error)
  return error as Error
}

export const keyEvents = ({ events }: TestServer) =>
  events
    .filter(({ action }) => action.startsWith('key.'))
    .map(({ actor, action, outcome, reason = null }) => ({ actor, action, outcome, reason }))
