// The next key signs: when somebody says so.
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
import { time } from './views.ts'

export const keyRotation = z.strictObject({
  now: z
    .boolean()
    .meta({ description: 'Also where a next key has been published for less than 24 hours.' })
    .default(false),
  algorithm: algorithm
    .optional()
    .meta({ description: 'Left out: all that the server signs with.' }),
})

/**
 * Who overtakes decides what is asked of the others: their next key is then a moment old, so without `now`
 * they are refused and the keys are rotated once.
 */
export const rotateKeys = (admin: AdminCall, input: z.input<typeof keyRotation> = {}) =>
  auditedChange(admin, 'key.rotate', null, async (named) => {
    requireUnbound(admin.authority)
    const asked = parse(keyRotation, input)
    const algorithms = algorithmsOf(admin, asked.algorithm)
    const candidates = await makeKeys(algorithms, admin.deps.kek)
    return await retried(admin, async () => {
      const found = pairs(await fillPlaces(admin), algorithms)
      if (found.length < algorithms.length) throw new Conflict('a key was revoked meanwhile')
      const settled = await settledSeconds(admin.deps)
      if (!asked.now) requireAge(found, { settled, wall: now(admin) })
      const promotions = found.map(({ active, next }) => ({ from: active.kid, to: next.kid }))
      await admin.deps.store.promoteKeys(promotions, candidates, now(admin))
      named(promotions.map(({ to }) => to).join())
      return rotationView(found, settled)
    })
  })

/** @throws OperationRefused where nothing is signed with it here */
const algorithmsOf = (
  { deps: { algorithms } }: AdminCall,
  asked: Algorithm | undefined,
): readonly Algorithm[] => {
  if (asked === undefined) return algorithms
  if (algorithms.includes(asked)) return [asked]
  throw unlistedAlgorithm(asked)
}

/**
 * By the settled time: the former key cannot sign again once a clock that was ahead is set right.
 * @throws OperationRefused while a follower may not have a next key yet
 */
const requireAge = (
  found: readonly KeyPair[],
  { settled, wall }: { settled: number; wall: number },
): void => {
  const young = found.find(({ next }) => (promotableAt(next) ?? 0) > settled)?.next
  if (young === undefined) return
  const from = promotableAt(young) ?? 0
  const ahead = from > wall ? '' : ' (the clock is ahead of the time that the server has run)'
  throw new OperationRefused(
    'key_too_young',
    `the next ${young.algorithm} key can sign from ${time(from)} on, when every follower has fetched it${ahead}; --now (in the API \`now\`) does it all the same`,
  )
}

const rotationView = (found: readonly KeyPair[], at: number) => ({
  rotated: found.map(({ active, next }) => ({
    algorithm: next.algorithm,
    kid: next.kid,
    published_at: time(next.createdAt),
    former_kid: active.kid,
  })),
  warnings: found.flatMap(({ next }) =>
    at - next.createdAt < MIN_NEXT_AGE_SECONDS ? [youngKeyWarning(next)] : [],
  ),
})

const youngKeyWarning = ({ algorithm: name, createdAt }: KeyPair['next']): string =>
  `The ${name} key that signs now has been published since ${time(createdAt)} only: gateways that have fetched the JWKS before may refuse its tokens until they fetch it again.`
