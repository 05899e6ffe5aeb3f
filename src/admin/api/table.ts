// Table of the admin API: every endpoint, and the path that precedes them.
import { audiences } from './audiences.ts'
import { audit } from './audit.ts'
import { clients } from './clients.ts'
import { details } from './details.ts'
import type { Endpoint } from './endpoint.ts'
import { enrollments } from './enrollments.ts'
import { keys } from './keys.ts'
import { plugins } from './plugins.ts'
import { resources } from './resources.ts'
import { revocations } from './revocations.ts'
import { runs } from './runs.ts'
import { secrets } from './secrets.ts'
import { status } from './status.ts'
import { tokens } from './tokens.ts'
import { workspaces } from './workspaces.ts'

const TABLE = [
  ...workspaces,
  ...audiences,
  ...plugins,
  ...resources,
  ...clients,
  ...details,
  ...secrets,
  ...enrollments,
  ...runs,
  ...tokens,
  ...revocations,
  ...keys,
  ...audit,
  ...status,
]

/** An endpoint with the types of its input and its answer. */
export type Definition = (typeof TABLE)[number]

/** Table of all endpoints: routes and the OpenAPI document are made from it. */
export const ENDPOINTS: readonly Endpoint[] = TABLE

export { BASE, needsIfMatch } from './base.ts'
