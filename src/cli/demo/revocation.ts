// The demo's third part: an operator revokes tokens. A resource server in a process of its own, which introspects no
// token, refuses them, and the demo shows the delay.
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { createClient, disableClient } from '../../admin/clients.ts'
import { revokeKey } from '../../admin/keys.ts'
import type { AdminCall } from '../../admin/operation.ts'
import { revokeToken } from '../../admin/revocations.ts'
import { revokeRun } from '../../admin/runs.ts'
import {
  type Post,
  callWith,
  caller,
  expect,
  refusedSoon,
  say,
  show,
  showRefusal,
} from './narrator.ts'

type Setting = { server: string; tools: string; call: AdminCall }

const TOOL = '/v1/issues'
const RUN = 'run-7f3a'

/** @throws Error for an unexpected answer, or a refusal later than the promised bound */
export const showRevocation = async ({ server, tools, call }: Setting): Promise<void> => {
  const agent = await makeAgent(call)
  const post = caller(server, agent)
  const use = (token: string) => callWith(tools, TOOL, token)

  say('An agent requests a token for one run, and calls a tool that runs in another process.')
  const first = await issueFor(post, 'run-0')
  show(`POST ${TOOL} → 200 `, expect(200, await use(first)).body)
  const path = '/v1/pages'
  showRefusal(`POST ${path}`, expect(403, await callWith(tools, path, first)))

  say('The operator revokes tokens. Time until the tool refuses them:')
  const revokeAndTime = async (command: string, token: string, run: () => Promise<unknown>) => {
    expect(200, await use(token))
    await run()
    const [{ body }, took] = await refusedSoon(() => use(token))
    show(command.padEnd(34), `refused after ${took} ms (${String(body['code'])})`)
  }
  await revokeAndTime('latchkey token revoke -', first, () => revokeToken(call, { token: first }))
  await revokeAndTime(`latchkey run revoke ${RUN}`, await issueFor(post, RUN), () =>
    revokeRun(call, { identifier: RUN }),
  )
  const lasting = await issueFor(caller(server, await makeAgent(call)), 'run-1')
  await revokeAndTime('latchkey client disable lkc_…', await issueFor(post, 'run-2'), () =>
    disableClient(call, agent.client_id),
  )
  const { kid = '' } = decodeProtectedHeader(lasting)
  await revokeAndTime(`latchkey key revoke ${kid.slice(0, 8)}…`, lasting, () =>
    revokeKey(call, kid),
  )

  say('A closed run stays closed. After the revocation of the key a new one signs.')
  const again = caller(server, await makeAgent(call))
  showRefusal('POST /oauth/token', expect(400, await requestToken(again, RUN)))
  show(`POST ${TOOL} → 200 `, expect(200, await use(await issueFor(again, 'run-3'))).body)
}

const makeAgent = (call: AdminCall) =>
  createClient(call, {
    name: 'Agent',
    grants: [{ audience: 'tools', permissions: ['tools:use'] }],
    authorization_details: [
      {
        type: 'tool_run',
        identifier: '*',
        project_id: 'demo',
        locations: [TOOL],
        actions: ['create'],
      },
    ],
  })

const requestToken = (post: Post, run: string) =>
  post('/oauth/token', {
    grant_type: 'client_credentials',
    authorization_details: JSON.stringify([{ type: 'tool_run', identifier: run }]),
  })

const issueFor = async (post: Post, run: string): Promise<string> =>
  String(expect(200, await requestToken(post, run)).body['access_token'])
