// Endpoints of the nouns, and those of them that change something.
import { audiences } from './audiences.ts'
import { audit } from './audit.ts'
import { clients } from './clients.ts'
import { details } from './details.ts'
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
import { type Endpoint, isRead } from './endpoint.ts'

export const NOUNS = [
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

/** Endpoints that change something, which a dry run can rehearse. */
export const CHANGES: readonly Endpoint[] = NOUNS.filter((endpoint: Endpoint) => !isRead(endpoint))
