// Key rotation on an administrator's request.
import { z } from 'zod'
import { MIN_NEXT_AGE_SECONDS } from '../constants.ts'
import { Conflict, OperationRefused } from '../errors.ts'
import type { Algorithm } from '../signing/algorithms.ts'
import { type KeyPair, pairs, promotableAt } from '../signing/keyring.ts'
import { makeKeys } from '../signing/provision.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import { requireUnbound } from './authority.ts'
import { algorithm } from './fields.ts'
import { fillPlaces } from './keys.ts'
import { unlistedAlgorithm } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, retried } from './operation.ts'
import { time } from './views/common.ts'

export const keyRotation = z.strictObject({
  now: z
    .boolean()
    .meta({ description: 'Rotate also if a next key has been published for less than 24 hours.' })
    .default(false),
  algorithm: algorithm.optional(),
})

/**
 * Promotes the next keys. Simultaneous requests rotate once: the first one promotes, and the others find next keys
 * that are seconds old, which are refused without `now`.
 */
export const rotateKeys = (call: AdminCall, input: z.input<typeof keyRotation> = {}) =>
  auditedChange(call, 'key.rotate', null, async (setTarget) => {
    requireUnbound(call.authority)
    const { now: withoutWaiting, algorithm: chosenAlgorithm } = parse(keyRotation, input)
    const algorithms = algorithmsOf(call, chosenAlgorithm)
    const candidates = await makeKeys(algorithms, call.deps.kek)
    return await retried(call, async () => {
      const keyPairs = pairs(await fillPlaces(call), algorithms)
      if (keyPairs.length < algorithms.length) throw new Conflict('a key was revoked meanwhile')
      const settled = await settledSeconds(call.deps)
      if (!withoutWaiting) requireAge(keyPairs, { settled, wall: now(call) })
      const promotions = keyPairs.map(({ active, next }) => ({ from: active.kid, to: next.kid }))
      await call.deps.store.promoteKeys(promotions, candidates, now(call))
      setTarget(promotions.map(({ to }) => to).join())
      return rotationView(keyPairs, settled)
    })
  })

/** Returns the chosen algorithm or all. @throws OperationRefused for one that the server does not sign with */
const algorithmsOf = (
  { deps: { algorithms } }: AdminCall,
  chosen: Algorithm | undefined,
): readonly Algorithm[] => {
  if (chosen === undefined) return algorithms
  if (algorithms.includes(chosen)) return [chosen]
  throw unlistedAlgorithm(chosen)
}

/**
 * Requires that each next key has been published for MIN_NEXT_AGE_SECONDS. The settled time decides: a wall clock
 * that runs ahead would promote a young key, and setting the clock right does not make the former key active again.
 * @throws OperationRefused while a follower may not have fetched a next key yet
 */
const requireAge = (
  keyPairs: readonly KeyPair[],
  { settled, wall }: { settled: number; wall: number },
): void => {
  const young = keyPairs.find(({ next }) => (promotableAt(next) ?? 0) > settled)?.next
  if (young === undefined) return
  const from = promotableAt(young) ?? 0
  const ahead = from > wall ? '' : ' (the clock is ahead of the time that the server has run)'
  throw new OperationRefused(
    'key_too_young',
    `the next ${young.algorithm} key can sign from ${time(from)} on, when every follower has fetched it${ahead}; --now (in the API \`now\`) rotates without waiting`,
  )
}

const rotationView = (keyPairs: readonly KeyPair[], at: number) => ({
  rotated: keyPairs.map(({ active, next }) => ({
    algorithm: next.algorithm,
    kid: next.kid,
    published_at: time(next.createdAt),
    former_kid: active.kid,
  })),
  warnings: keyPairs.flatMap(({ next }) =>
    at - next.createdAt < MIN_NEXT_AGE_SECONDS ? [youngKeyWarning(next)] : [],
  ),
})

const youngKeyWarning = ({ algorithm: name, createdAt }: KeyPair['next']): string =>
  `The ${name} key that signs now has been published only since ${time(createdAt)}: gateways that fetched the JWKS before may refuse its tokens until they fetch it again.`
