// Commands of the pages for operators and client developers, run in their order at a server of their own.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  CLI,
  type Place,
  ROOT,
  latchkeyJson,
  seededPlace,
  startServer,
  startShell,
} from '../support/processes.ts'

/** Blocks of one language below a heading, up to the next heading. */
const blocksBelow = (page: string, heading: string, language = 'sh'): string[] => {
  const text = `\n${readFileSync(join(ROOT, page), 'utf8')}`
  const section = text.split(`\n${heading}\n`)[1]?.split(/^#+ [A-Z]/m)[0] ?? ''
  const blocks = section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  return [...blocks].map(([, commands = '']) => commands)
}

/** Runs commands in the folder of the server, where `npx latchkey` is the command under test. */
const run = async (place: Place, commands: string): Promise<string> => {
  const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }\n`
  const here = commands.replaceAll('http://localhost:8787', place.url)
  const environment = { ...place.environment, PATH: process.env['PATH'] ?? '' }
  const shell = startShell({ ...place, environment }, `set -e\n${npx}${here}`)
  const { code, stdout, stderr } = await shell.ended
  expect({ code, stderr }, here).toEqual({ code: 0, stderr: '' })
  return stdout
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

describe.skipIf(!hasCurl)('commands with curl', () => {
  it('change a plugin over HTTP, as either administrator (docs/administration.md)', async () => {
    const place = await seededPlace()
    await startServer(place)
    const [create, read, ...requests] = blocksBelow('docs/administration.md', '## Over HTTP')
    expect(requests).toHaveLength(1)
    const printed = await run(place, `${create}${requests.join('')}`)
    expect(printed).toMatch(/^\{"items":\[\{"client_id":"lkc_/)
    expect(printed).toContain('{"id":"calendar-sync","name":"calendar-sync","trust":"trusted"')
    expect(printed).toContain('{"id":"calendar-sync","name":"Calendar sync","trust":"trusted"')
    expect(await run(place, `${read}${requests.join('')}`)).toContain('"code":"already_exists"')
  })

  it('close a run with one token (docs/tokens.md)', async () => {
    const place = await seededPlace()
    await startServer(place)
    const commands = blocksBelow('docs/tokens.md', '## Closing a run')
    const [shown = ''] = blocksBelow('docs/tokens.md', '## Closing a run', 'json')
    expect(commands).toHaveLength(3)
    const printed = await run(place, commands.join('sleep 0.3\n'))
    expect(printed).toMatch(/"authorization_details":\[\{"type":"tool_run","identifier":"run-2026/)
    expect(printed).toContain(JSON.stringify(JSON.parse(shown)))
  })
})

it('commands of docs/backup.md copy a database that is in use, and restore the copy', async () => {
  const place = await seededPlace()
  symlinkSync(join(ROOT, 'node_modules'), join(place.directory, 'node_modules'))
  const [backup = '', restore = '', ...others] = blocksBelow(
    'docs/backup.md',
    '# Backup and restore',
  )
  expect(others).toEqual([])
  const server = await startServer(place)
  await latchkeyJson(place, ['client', 'create', '--name', 'before', '--grant', 'hook=hook:track'])
  await run(place, backup)
  expect(statSync(join(place.directory, 'copy.db')).mode & 0o777).toBe(0o600)
  await latchkeyJson(place, ['client', 'create', '--name', 'after', '--grant', 'hook=hook:track'])
  await server.stop()
  await run(place, restore)
  expect(statSync(join(place.directory, 'data', 'latchkey.db')).mode & 0o777).toBe(0o600)
  await startServer(place)
  const clients = await latchkeyJson<{ name: string }[]>(place, ['client', 'list'])
  expect(clients.map(({ name }) => name)).toEqual(['Administrator', 'before'])
})
