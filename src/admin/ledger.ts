// What is out: the tokens of the ledger.
import { z } from 'zod'
import { MAX_CREDENTIAL_CHARS } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { comparedText } from '../text/human-text.ts'
import { seenIn } from './authority.ts'
import { chosenId } from './fields.ts'
import { fieldsRefused } from './refusals.ts'
import { type AdminCall, now, parseQuery } from './operation.ts'
import { pageBySeq, pageFields } from './pages.ts'
import { tokenView } from './token-views.ts'

export const tokenQuery = z.strictObject({
  ...pageFields,
  client_id: comparedText(MAX_CREDENTIAL_CHARS).optional(),
  run: chosenId.optional().meta({ description: 'The identifier of a run, in any workspace.' }),
  workspace_id: chosenId.optional(),
})

/**
 * Tokens that have not expired, of a client or a run, oldest first; whether they have been revoked is not said.
 * @throws OperationRefused `no_ledger` where none is kept
 */
export const listTokens = async (admin: AdminCall, query: z.input<typeof tokenQuery>) => {
  const { deps, authority } = admin
  const { client_id: clientId, run, workspace_id: wanted, ...page } = parseQuery(tokenQuery, query)
  const { ledger } = deps
  if (ledger === null) throw new OperationRefused('no_ledger', 'no ledger of tokens is kept here')
  if (clientId === undefined && run === undefined) {
    const detail = 'must be given, or run: of all tokens there is no list'
    throw fieldsRefused('invalid_value', [{ field: 'client_id', detail }])
  }
  return await pageBySeq(
    { ...page, list: 'tokens' },
    (part) =>
      seenIn(authority, wanted, (workspaceId) =>
        ledger.list({ clientId, run, workspaceId }, now(admin), part),
      ),
    tokenView,
  )
}
