// Table of the admin API: every endpoint, and the path that precedes them.
import { NOUNS } from './nouns.ts'
import { dryRuns } from './dry-runs.ts'
import type { Endpoint } from './endpoint.ts'

const TABLE = [...NOUNS, ...dryRuns]

/** An endpoint with the types of its input and its answer. */
export type Definition = (typeof TABLE)[number]

/** Table of all endpoints: routes and the OpenAPI document are made from it. */
export const ENDPOINTS: readonly Endpoint[] = TABLE

export { BASE, needsIfMatch } from './base.ts'
