// The status of the server.
import { showStatus } from '../status.ts'
import { statusSchema } from '../views/status.ts'
import { endpoint } from './endpoint.ts'

export const status = [
  endpoint({
    method: 'get',
    path: '/status',
    action: 'status.show',
    summary: 'Show the status of the server',
    description:
      'Process, database, signing keys and their next change, revocation list, audit, ledger and free space. Only for unbound administrators.',
    response: statusSchema,
    refuses: ['unbound_required'],
    handle: (call) => showStatus(call),
  }),
]
