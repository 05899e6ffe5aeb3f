import type { AuditContext } from '../audit/record.ts'
import type { AppContext, Deps } from '../deps.ts'

/** The request id and the address of the client: the same in the audit and in the log. */
export const requestContext = (
  c: AppContext,
  { clientAddress }: Pick<Deps, 'clientAddress'>,
): Omit<AuditContext, 'actor'> => ({ requestId: c.get('requestId'), address: clientAddress(c) })
