// The demo's third part: an operator takes tokens back, and a resource server in a process of its own, which asks
// about no token, refuses them. How long that took is shown.
import { decodeProtectedHeader } from 'jose'
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

type Setting = { server: string; tools: string; admin: AdminCall }

const TOOL = '/v1/issues'
const RUN = 'run-7f3a'

/** @throws Error where something answers otherwise than it should, or later than is promised */
export const tellRevocation = async ({ server, tools, admin }: Setting): Promise<void> => {
  const agent = await makeAgent(admin)
  const post = caller(server, agent)
  const use = (token: string) => callWith(tools, TOOL, token)

  say('An agent gets a token for one run, and uses a tool in a process of its own.')
  const first = await issueFor(post, 'run-0')
  show(`POST ${TOOL} → 200 `, expect(200, await use(first)).body)
  const path = '/v1/pages'
  showRefusal(`POST ${path}`, expect(403, await callWith(tools, path, first)))

  say('The operator takes tokens back. Until the tool refuses them:')
  const takeBack = async (command: string, token: string, take: () => Promise<unknown>) => {
    expect(200, await use(token))
    await take()
    const [{ body }, took] = await refusedSoon(() => use(token))
    show(command.padEnd(34), `refused after ${took} ms (${String(body['code'])})`)
  }
  await takeBack('latchkey token revoke -', first, () => revokeToken(admin, { token: first }))
  await takeBack(`latchkey run revoke ${RUN}`, await issueFor(post, RUN), () =>
    revokeRun(admin, { identifier: RUN }),
  )
  const lasting = await issueFor(caller(server, await makeAgent(admin)), 'run-1')
  await takeBack('latchkey client disable lkc_…', await issueFor(post, 'run-2'), () =>
    disableClient(admin, agent.client_id),
  )
  const { kid = '' } = decodeProtectedHeader(lasting)
  await takeBack(`latchkey key revoke ${kid.slice(0, 8)}…`, lasting, () => revokeKey(admin, kid))

  say('A run that is closed stays closed, and a new key signs already.')
  const again = caller(server, await makeAgent(admin))
  showRefusal('POST /oauth/token', expect(400, await askFor(again, RUN)))
  show(`POST ${TOOL} → 200 `, expect(200, await use(await issueFor(again, 'run-3'))).body)
}

const makeAgent = (admin: AdminCall) =>
  createClient(admin, {
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

const askFor = (post: Post, run: string) =>
  post('/oauth/token', {
    grant_type: 'client_credentials',
    authorization_details: JSON.stringify([{ type: 'tool_run', identifier: run }]),
  })

const issueFor = async (post: Post, run: string): Promise<string> =>
  String(expect(200, await askFor(post, run)).body['access_token'])
