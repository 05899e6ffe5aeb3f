// Client that a public generator makes from the OpenAPI document, over real HTTP: a program with
// the document alone compiles and works.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { generateSource } from 'oazapfts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCaller, send } from '../support/http.ts'
import { startListeningServer } from '../support/listening-server.ts'
import type { TestServer } from '../support/server.ts'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * Program for the generated code alone. The compiler also checks the lines that must not compile.
 */
const PROGRAM = `
import * as api from './client.ts'

const wrongTier = { id: 'x', trust: 'blind' } as const
// @ts-expect-error a tier that there is not
const refusedTier: api.NewPlugin = wrongTier
// @ts-expect-error a member that there is not
const refusedMember: api.NewPlugin = { id: 'x', colour: 'red' }
// @ts-expect-error a client needs a name
const nameless: api.NewClient = {}
// @ts-expect-error a change requires If-Match
const blind = () => api.clientUpdate('id', { name: 'x' })

export const run = async (token: string) => {
  api.defaults.headers = { Authorization: 'Bearer ' + token }

  const plugin = await api.pluginCreate({ id: 'slack-sync', capabilities: ['connector:slack'] })
  if (plugin.status !== 201) throw new Error(plugin.data.code)
  const client = await api.clientCreate({
    name: 'daemon',
    plugins: [plugin.data.id],
    grants: [{ audience: 'hook', permissions: ['hook:govern', 'hook:track'] }],
  })
  if (client.status !== 201) throw new Error(client.data.code)
  const { client_id: id, client_secret: first, etag } = client.data
  const secret = await api.secretAdd(id, { name: 'next', previous_expires_in: 3600 })
  if (secret.status !== 201) throw new Error(secret.data.code)

  const change: api.ClientChange = { name: 'renamed', token_ttl: 300 }
  const changed = await api.clientUpdate(id, '"' + etag + '"', change)
  if (changed.status !== 200) throw new Error(changed.data.code)
  const late = await api.clientUpdate(id, '"' + etag + '"', change)
  const list = await api.clientList({ limit: 1, name: changed.data.name })
  if (list.status !== 200) throw new Error(list.data.code)
  const invalid = await api.pluginCreate(refusedMember)
  const listed: api.Client[] = list.data.items
  return { id, secrets: [first, secret.data.client_secret], changed: changed.data, late, listed, invalid }
}
`

/** The generated code uses fetch, and leaves some optional members undefined. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'dom'],
    module: 'nodenext',
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
  },
  files: ['program.ts'],
}

type Problem = { status: number; data: { code: string; status: number } }
type Result = {
  id: string
  secrets: [string, string]
  changed: { name: string; token_ttl: number }
  late: Problem
  listed: { client_id: string }[]
  invalid: Problem
}

const directory = mkdtempSync(join(tmpdir(), 'latchkey-generated-'))
let listening: Awaited<ReturnType<typeof startListeningServer>>
let issuer: string
let server: TestServer

beforeAll(async () => {
  listening = await startListeningServer()
  issuer = listening.issuer
  server = listening.server
})

afterAll(async () => {
  await listening.close()
  rmSync(directory, { recursive: true })
})

/** Generates, compiles and loads the program. */
const makeProgram = async (): Promise<{ run: (token: string) => Promise<Result> }> => {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text)
  write('openapi.json', (await send(`${issuer}/openapi.json`)).text)
  write('client.ts', await generateSource(join(directory, 'openapi.json')))
  write('program.ts', PROGRAM)
  write('package.json', '{"type":"module"}')
  write('tsconfig.json', JSON.stringify(TSCONFIG))
  symlinkSync(MODULES, join(directory, 'node_modules'))
  execFileSync(join(MODULES, '.bin/tsc'), ['-p', directory], { stdio: 'inherit' })
  const address = pathToFileURL(join(directory, 'program.js')).href
  return (await import(/* @vite-ignore */ address)) as Awaited<ReturnType<typeof makeProgram>>
}

test('generated client creates a plugin, a client and a second secret, and changes the client', async () => {
  const { run } = await makeProgram()
  const grants = { latchkey: ['admin:read', 'admin:write'] }
  const administrator = await server.client({ workspaceId: null, grants })
  const caller = createCaller(issuer)

  const result = await run(await caller.issue(administrator, { audience: 'latchkey' }))
  expect(result.changed).toMatchObject({ name: 'renamed', token_ttl: 300 })
  expect(result.listed).toMatchObject([{ client_id: result.id, name: 'renamed' }])
  expect(result.late).toMatchObject({ status: 412, data: { code: 'conflict', status: 412 } })
  expect(result.invalid).toMatchObject({ status: 422, data: { code: 'invalid_value' } })

  const form = { audience: 'hook', plugin_id: 'slack-sync', scope: 'hook:track' }
  for (const secret of result.secrets) {
    const token = await caller.issue({ id: result.id, secret }, form)
    expect(token.split('.')).toHaveLength(3)
  }
})
