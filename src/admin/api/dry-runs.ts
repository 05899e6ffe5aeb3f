// Dry runs of the other endpoints, at an address of their own: a server without it answers 404, and no parameter that a
// proxy drops turns a dry run into a change.
import { z } from 'zod'
import { MAX_ETAG_CHARS } from '../../constants.ts'
import type { RefusalCode } from '../../errors.ts'
import { dryRun } from '../dry-runs.ts'
import { parse } from '../operation.ts'
import { dryRunSchema } from '../views/dry-run.ts'
import { CHANGES } from './nouns.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { namesIn } from './path.ts'

const actions = CHANGES.map(({ action }) => action)

/** Refusals of the changes: those of a dry run are the same. */
const ofChanges = [
  ...new Set<RefusalCode>(['not_found', ...CHANGES.flatMap(({ refuses = [] }) => refuses)]),
]

/** Characters of an etag (RFC 9110 §8.8.3), without its quotes. */
const etag = z
  .string()
  .max(MAX_ETAG_CHARS)
  .refine((text) => /^[\x21\x23-\x7e]+$/.test(text), { error: 'must be an etag, without quotes' })

export const newDryRun = z
  .strictObject({
    action: z.enum(actions),
    parameters: z.record(z.string(), z.string()).optional(),
    body: z.record(z.string(), z.unknown()).optional(),
    if_match: etag.optional(),
  })
  .meta({ id: 'NewDryRun' })

const changeOf = (sent: z.input<typeof newDryRun>) => {
  const { action, parameters = {}, body = {}, if_match: ifMatch = null } = parse(newDryRun, sent)
  const found = CHANGES.find((one) => one.action === action) as Endpoint
  requireParameters(found, parameters)
  if (found.body === undefined) parse(z.strictObject({ body: z.strictObject({}) }), { body })
  return { action, input: { ...parameters, query: {}, body }, ifMatch }
}

/** @throws OperationRefused `invalid_value` for a parameter that is missing, empty or not in the path */
const requireParameters = (
  { path }: Pick<Endpoint, 'path'>,
  parameters: Record<string, string>,
): void => {
  const names = namesIn(path)
  const value = z.string().min(1)
  parse(
    z.strictObject({
      parameters: z.strictObject(Object.fromEntries(names.map((name) => [name, value]))),
    }),
    { parameters },
  )
}

export const dryRuns = [
  endpoint({
    method: 'post',
    path: '/dry-runs',
    action: 'change.rehearse',
    summary: 'Rehearse a change: its answer and what it would end, without the change',
    description:
      'Runs the operation of the action and undoes it. `parameters` has the members of its path, `body` its body, and `if_match` the `etag` of its `If-Match`. The caller needs the permissions of the change itself, and is refused as the change would be. Ids of the answer are not those of a later request, and `dry-run` stands in place of each secret. Without `if_match` any state of the row is accepted. One dry run is made at a time, and all of them hold other changes up for at most a tenth of the time.',
    body: newDryRun,
    response: dryRunSchema,
    refuses: [...ofChanges, 'no_dry_run', 'dry_runs_exceeded'],
    handle: (call, { body }) => dryRun(call, () => changeOf(body)),
  }),
]
