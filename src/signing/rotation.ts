// Rotation of keys, beside the requests: the next key takes over in time, empty places are filled, keys whose time is
// over are deleted. Any number of processes may do it at once.
import { type Audit, audited } from '../audit/record.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { unlessOvertaken } from '../store/conflicts.ts'
import { type KeyStep, dueSteps } from './keyring.ts'
import { makeKeys } from './provision.ts'

type RotationDeps = Pick<
  Deps,
  'store' | 'clock' | 'log' | 'kek' | 'algorithms' | 'keyRotationSeconds'
> & {
  audit: Pick<Audit, 'write'>
  /** Steps are due by this time, in seconds since the epoch: a clock that runs ahead rotates nothing. */
  settled: number
}

/**
 * Does the steps that are due, except those that another process does first.
 * @throws Unavailable; the steps that were not reached stay due
 */
export const keepKeys = async (deps: RotationDeps): Promise<void> => {
  const steps = await readDueSteps(deps)
  if (select(steps, 'remove').length > 0) await removeRetired(deps)
  if (select(steps, 'create').length > 0) await create(deps, select(steps, 'create'))
  if (select(steps, 'promote').length > 0) await promote(deps, select(steps, 'promote'))
}

type Step<S extends KeyStep['step']> = Extract<KeyStep, { step: S }>

const select = <S extends KeyStep['step']>(steps: readonly KeyStep[], step: S): Step<S>[] =>
  steps.filter((one): one is Step<S> => one.step === step)

const readDueSteps = async (deps: RotationDeps): Promise<KeyStep[]> => {
  const { algorithms, keyRotationSeconds: rotationSeconds } = deps
  return dueSteps(await deps.store.listKeys(), deps.settled, { algorithms, rotationSeconds })
}

/** The step itself writes the events: several processes call it in the same second of each minute. */
const removeRetired = (deps: RotationDeps): Promise<void> => {
  const event = { actor: 'server', action: 'key.remove', outcome: 'success', count: 1 } as const
  return deps.store.removeRetiredKeys(event, deps.settled, nowSeconds(deps))
}

const create = async (deps: RotationDeps, steps: readonly Step<'create'>[]): Promise<void> => {
  const keys = await makeKeys(
    steps.map(({ algorithm }) => algorithm),
    deps.kek,
  )
  if (select(await readDueSteps(deps), 'create').length === 0) return
  await audited(deps, { actor: 'server', action: 'key.create', target: null }, () =>
    deps.store.addKeys(keys, nowSeconds(deps)),
  )
}

/**
 * Reads the due steps again once the keys are made: making them takes a different time in each process, and most find
 * that another one was faster.
 */
const promote = async (deps: RotationDeps, steps: readonly Step<'promote'>[]): Promise<void> => {
  const made = steps.map(({ algorithm }) => algorithm)
  const keys = await makeKeys(made, deps.kek)
  const due = select(await readDueSteps(deps), 'promote').filter((one) =>
    made.includes(one.algorithm),
  )
  if (due.length === 0) return
  const target = due.map(({ to }) => to).join()
  const promotion = audited(deps, { actor: 'server', action: 'key.rotate', target }, () =>
    deps.store.promoteKeys(due, keys, nowSeconds(deps)),
  )
  await unlessOvertaken(promotion)
}
