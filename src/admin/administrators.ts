// Unbound administrators, whom the command line creates.
import { z } from 'zod'
import { newClientId } from '../secret.ts'
import { newAdministrator } from '../store/seed.ts'
import { addClient } from './clients.ts'
import { name } from './fields.ts'
import { type AdminCall, auditedChange, parse } from './operation.ts'

/** Creates an unbound administrator, also where no other administrator can log in. */
export const createAdministrator = (call: AdminCall, administratorName: string) =>
  auditedChange(call, 'admin.create', null, async (setTarget) => {
    const fields = parse(z.strictObject({ name }), { name: administratorName })
    const id = newClientId(call.deps.random)
    setTarget(id)
    return await addClient(call, newAdministrator(id, fields.name))
  })
