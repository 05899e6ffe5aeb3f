// One run of an agent. The agent requests a token for this run and for the operations of this run, works, and closes
// the run at the end. The token is then refused from every holder, a thief included.
//
//   latchkey audience create tools --permission tools:use
//   echo '[{"type":"tool_run","identifier":"*","project_id":"demo","locations":["/v1/issues"],"actions":["create","list"]}]' > run.json
//   eval "$(latchkey client create --name agent --grant tools=tools:use --details run.json --env)"
//   CLIENT_ID=$CLIENT_ID CLIENT_SECRET=$CLIENT_SECRET node examples/agent-run/agent.mjs
//
// The tools (server.mjs) must run.
import { randomUUID } from 'node:crypto'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const TOOLS = process.env.TOOLS || 'http://127.0.0.1:8792'
const { CLIENT_ID, CLIENT_SECRET } = process.env
const RUN = process.env.RUN || `run-${randomUUID()}`
if (!CLIENT_ID || !CLIENT_SECRET) throw new Error('CLIENT_ID and CLIENT_SECRET must be set')

const post = async (path, form) => {
  const response = await fetch(ISSUER + path, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams(form),
  })
  const body = await response.json()
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${body.code}`)
  return body
}

/** A part of what the client is granted: this run, and one operation. */
const details = [{ type: 'tool_run', identifier: RUN, actions: ['create'] }]
const { access_token: token } = await post('/oauth/token', {
  grant_type: 'client_credentials',
  authorization_details: JSON.stringify(details),
})

const use = async (method, path) => {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(TOOLS + path, { method, headers })
  const { code } = await response.json()
  console.log(`${method} ${path} → ${response.status}${code === undefined ? '' : ` ${code}`}`)
  return response.status
}

try {
  await use('POST', '/v1/issues')
  await use('GET', '/v1/issues') // the token does not have it
  await use('POST', '/v1/pages') // the client is not granted it
} finally {
  const { matched } = await post('/oauth/runs/revoke', { identifier: RUN })
  console.log(`${RUN} is closed; tokens of it that were out: ${matched ?? 'not known'}`)
}

while ((await use('POST', '/v1/issues')) !== 401) await new Promise((resolve) => setTimeout(resolve, 50))
