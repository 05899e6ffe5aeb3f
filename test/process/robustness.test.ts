// Failures around the server: the log, its reader, the lock, the folder and the settings.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, it } from 'vitest'
import { auditEvents } from '../support/audit-log.ts'
import { addHookClient, databasePath } from '../support/database.ts'
import { createCaller, send } from '../support/http.ts'
import {
  type Place,
  createCli,
  latchkey,
  newPlace,
  seededPlace,
  start,
  startServer,
  startShell,
  until,
  withVariables,
} from '../support/processes.ts'
import { exchange } from '../support/raw-http.ts'

const healthy = (place: Place) =>
  until('an answer', () =>
    send(`${place.url}/healthz`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )

it('audit event is on the disk before the answer to its request', async () => {
  const place = await newPlace({ LATCHKEY_LOG_LEVEL: 'silent' })
  const server = start(place, ['serve'])
  await healthy(place)
  const client = await addHookClient(place)
  const { issue, revoke } = createCaller(place.url)
  const token = await issue(client)
  expect((await revoke(client, token)).status).toBe(200)
  server.child.kill('SIGKILL')
  await server.ended
  const actions = auditEvents(place).map(({ action, outcome }) => [action, outcome])
  expect(actions).toEqual([
    ['server.first_start', 'success'],
    ['token.revoke', 'success'],
  ])
})

it('server whose log cannot be written reports it once and keeps serving', async () => {
  const place = await seededPlace()
  const server = startShell(place, 'exec "$NODE" "$CLI" serve > /dev/full')
  await healthy(place)
  const client = await addHookClient(place)
  const { issue, revoke } = createCaller(place.url)
  expect((await revoke(client, await issue(client))).status).toBe(200)
  server.child.kill('SIGTERM')
  const { code, stderr } = await server.ended
  expect(code).toBe(0)
  expect(new Set(stderr.trim().split('\n'))).toEqual(
    new Set(['latchkey: the log cannot be written: ENOSPC']),
  )
})

it('server whose log reader stalls delays no request, and counts the dropped lines', async () => {
  const place = await seededPlace()
  const server = start(place, ['serve'])
  await until('the server to listen', () => server.said.stdout.includes('"listening"'))
  server.child.stdout.pause()
  const refused = () => send(`${place.url}/oauth/register/${'x'.repeat(400)}`)
  for (let i = 0; i < 3_000; i++) expect((await refused()).status).toBe(401)
  server.child.stdout.resume()
  await until('the line that counts', async () => {
    await refused()
    return server.said.stdout.includes('log lines were dropped')
  })
  const lines = server.said.stdout.split('\n').slice(0, -1)
  const parsed = lines.map((line) => JSON.parse(line) as { msg: string; lines?: number })
  const dropped = parsed.find(({ msg }) => msg === 'log lines were dropped')?.lines ?? 0
  expect(dropped).toBeGreaterThan(0)
  server.child.kill('SIGTERM')
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' })
  expect(server.said.stdout).toContain('"stopped"')
})

it('server whose log reader stalls ends on SIGTERM', async () => {
  const place = await seededPlace()
  // The reader of the pipe keeps it open for longer than the test, and reads nothing.
  const shell = startShell(
    place,
    '{ "$NODE" "$CLI" serve & echo $! > pid; wait $!; echo $? > code; } | sleep 60',
  )
  await healthy(place)
  for (let i = 0; i < 1_000; i++) await send(`${place.url}/oauth/register/${'x'.repeat(400)}`)
  process.kill(Number(readFileSync(join(place.directory, 'pid'), 'utf8')), 'SIGTERM')
  const code = await until('the end of the server', () => {
    const path = join(place.directory, 'code')
    return existsSync(path) && readFileSync(path, 'utf8')
  })
  expect(code).toBe('0\n')
  shell.child.kill('SIGKILL')
})

it('server whose log reader has ended reports it once and keeps serving', async () => {
  const place = await seededPlace()
  const server = startShell(place, '{ "$NODE" "$CLI" serve & echo $! > pid; wait; } | true')
  await healthy(place)
  for (let i = 0; i < 5; i++) await send(`${place.url}/oauth/register/x`)
  await until('the line about it', () => server.said.stderr.includes('EPIPE'))
  expect((await send(`${place.url}/healthz`)).status).toBe(200)
  expect(server.said.stderr).toBe('latchkey: the log cannot be written: EPIPE\n')
  process.kill(Number(readFileSync(join(place.directory, 'pid'), 'utf8')), 'SIGTERM')
  await server.ended
})

it('lock of another process delays writes only', async () => {
  const place = await seededPlace()
  const server = await startServer(place)
  const client = await addHookClient(place)
  const { issue, revoke } = createCaller(place.url)
  const tokens = await Promise.all([issue(client), issue(client), issue(client)])
  const other = new BetterSqlite3(databasePath(place))
  other.exec('begin immediate')
  let held = true
  const revoked = tokens.map(async (token) => {
    const { status } = await revoke(client, token)
    return { status, held }
  })
  for (let i = 0; i < 5; i++) {
    expect((await send(`${place.url}/healthz`)).status).toBe(200)
    await issue(client)
  }
  held = false
  other.exec('commit')
  other.close()
  expect(await Promise.all(revoked)).toEqual(tokens.map(() => ({ status: 200, held: false })))
  await server.stop()
})

it('command in a wrong folder creates no file', async () => {
  const place = await newPlace()
  const cli = createCli(place)
  for (const command of ['client list', 'client disable lkc_x', 'key list', 'audience list']) {
    await cli.refused(/there is no Latchkey database at \.\/data\/latchkey\.db/, command)
  }
  expect(readdirSync(place.directory)).toEqual([])
})

it('command with another issuer than the server refuses its token instead of calling it inactive', async () => {
  const place = await seededPlace()
  const { id } = await addHookClient(place)
  const { stdout } = await latchkey(place, [
    'token',
    'issue',
    '--client',
    id,
    '--audience',
    'hook',
    '--json',
  ])
  const elsewhere = withVariables(place, { LATCHKEY_ISSUER: 'https://auth.example' })
  for (const verb of ['inspect', 'revoke']) {
    const refused = await latchkey(elsewhere, ['token', verb, '-'], stdout)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^latchkey: the token has another issuer: .*\n$/)
  }
  const { stdout: inspected } = await latchkey(place, ['token', 'inspect', '-', '--json'], stdout)
  expect(JSON.parse(inspected)).toMatchObject({ active: true })
})

it('next steps show the settings of the server and no secret', async () => {
  const kek = Buffer.alloc(32, 7).toString('base64url')
  const place = await newPlace({ LATCHKEY_KEK: kek })
  const server = start(place, ['serve', '--next-steps'])
  await until('the next steps', () => server.said.stdout.includes('token inspect -'))
  expect(server.said.stdout).toContain(`export LATCHKEY_PORT='${place.port}'`)
  expect(server.said.stdout).toContain(`export LATCHKEY_ISSUER='${place.url}'`)
  expect(server.said.stdout).not.toContain(kek)
  server.child.kill('SIGTERM')
  await server.ended
})

it('quota is shared by all workers', async () => {
  const place = await seededPlace({ LATCHKEY_WORKERS: '2' })
  const server = await startServer(place)
  const cli = createCli(place)
  const { client_id: id, client_secret: secret } = await cli.json(
    'client create --name x --plugin p --create-plugin --quota 4/min --grant',
    'hook=hook:track',
  )
  const { requestToken } = createCaller(place.url)
  const statuses: number[] = []
  for (let i = 0; i < 8; i++) {
    const { status } = await requestToken({ id: String(id), secret: String(secret) })
    statuses.push(status)
  }
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429, 429, 429])
  await server.stop()
})

it('HTTP/1.0 request needs no Host', async () => {
  const place = await seededPlace()
  const server = await startServer(place)
  expect(await exchange(place, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.[01] 200 OK/)
  await server.stop()
})
