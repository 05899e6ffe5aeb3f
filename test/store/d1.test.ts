// Contract on Cloudflare D1 in workerd.
import { afterAll, beforeAll } from 'vitest'
import { openD1Store } from '../../src/store/sqlite/d1.ts'
import { type TestD1, interleavedBinding, startD1 } from '../support/d1.ts'
import { storeContract } from './contract.ts'
import { TABLES } from './contract/database.ts'

let d1: TestD1
beforeAll(async () => {
  d1 = await startD1()
})
afterAll(() => d1.dispose())

storeContract('D1', async () => {
  await d1.empty(TABLES)
  return {
    store: openD1Store(d1.binding),
    another: async () => openD1Store(d1.binding),
    interleaved: async (then) => openD1Store(interleavedBinding(d1.binding, then)),
    query: d1.query,
    async close() {},
  }
})
