// Contract of every driver, verb by verb. The test of a driver hands over how to open a database.
import { describe } from 'vitest'
import { administratorContract } from './contract/administrators.ts'
import { audienceContract } from './contract/audiences.ts'
import { atomicContract } from './contract/atomic.ts'
import { auditContract } from './contract/audit.ts'
import { clientContract } from './contract/clients.ts'
import { clockContract } from './contract/clock.ts'
import { conflictContract } from './contract/conflicts.ts'
import type { Open } from './contract/database.ts'
import { enrollmentContract } from './contract/enrollments.ts'
import { detailContract } from './contract/details.ts'
import { errorContract } from './contract/errors.ts'
import { keyContract } from './contract/keys.ts'
import { lifecycleContract } from './contract/lifecycle.ts'
import { limitContract } from './contract/limits.ts'
import { listContract } from './contract/lists.ts'
import { loginContract } from './contract/logins.ts'
import { namedRuleContract } from './contract/named-rules.ts'
import { oneStateContract } from './contract/one-state.ts'
import { partContract } from './contract/parts.ts'
import { pluginContract } from './contract/plugins.ts'
import { referenceContract } from './contract/references.ts'
import { resourceContract } from './contract/resources.ts'
import { revocationContract } from './contract/revocations.ts'
import { runContract } from './contract/runs.ts'
import { secretContract } from './contract/secrets.ts'
import { usableContract } from './contract/usable.ts'
import { workspaceContract } from './contract/workspaces.ts'

const PARTS = [
  lifecycleContract,
  listContract,
  loginContract,
  oneStateContract,
  keyContract,
  revocationContract,
  namedRuleContract,
  atomicContract,
  referenceContract,
  runContract,
  workspaceContract,
  audienceContract,
  pluginContract,
  clientContract,
  resourceContract,
  partContract,
  detailContract,
  secretContract,
  administratorContract,
  conflictContract,
  enrollmentContract,
  errorContract,
  limitContract,
  auditContract,
  clockContract,
  usableContract,
]

export const storeContract = (driver: string, open: Open): void => {
  describe(`store on ${driver}`, () => {
    for (const part of PARTS) part(open)
  })
}
