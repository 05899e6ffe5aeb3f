// Signing keys that the servers of a test file share, because keys, RSA keys above all, are slow to make.
import type { Algorithm } from '../../src/signing/algorithms.ts'
import { newKey } from '../../src/signing/wrapping.ts'
import type { KeyCandidate } from '../../src/store/store.ts'

export const KEK = new Uint8Array(32).fill(7)

const made = new Map<string, Promise<KeyCandidate>>()

/** Returns the same key for the same algorithm and number. */
export const testKey = (algorithm: Algorithm, number: number): Promise<KeyCandidate> => {
  const name = `${algorithm} ${number}`
  const key = made.get(name) ?? newKey(algorithm, KEK)
  made.set(name, key)
  return key
}

/** An active and a next key for each algorithm. */
export const testKeys = (algorithms: readonly Algorithm[]): Promise<KeyCandidate[]> =>
  Promise.all(algorithms.flatMap((algorithm) => [testKey(algorithm, 1), testKey(algorithm, 2)]))
