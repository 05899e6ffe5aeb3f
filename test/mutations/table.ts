import { ADMINISTRATION } from './administration.ts'
import { AUDIT } from './audit.ts'
import type { Mutation } from './mutation.ts'
import { PLUGINS } from './plugins.ts'
import { SERVER } from './server.ts'
import { VERIFIER } from './verifier.ts'

/** All mutations, each of which removes one check. */
export const MUTATIONS: readonly Mutation[] = [
  ...SERVER,
  ...PLUGINS,
  ...ADMINISTRATION,
  ...AUDIT,
  ...VERIFIER,
]
