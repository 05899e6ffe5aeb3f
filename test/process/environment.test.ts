// Environment variables: unset and foreign ones do not stop a start, and misspelled ones do.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../src/config.ts'
import {
  CLI,
  type LogLine,
  latchkey,
  latchkeyJson,
  newPlace,
  start,
  startServer,
  until,
} from '../support/processes.ts'
import { send } from '../support/http.ts'

/** Makes the variables of a compose file with `${VAR:-}` for every setting. */
const blank = (value: string): Record<string, string> =>
  Object.fromEntries([...SETTINGS].map((name) => [name, value]))

/** Variables that Kubernetes sets in all containers beside a service called `latchkey`. */
const SERVICE_LINKS = {
  LATCHKEY_SERVICE_HOST: '10.96.0.7',
  LATCHKEY_SERVICE_PORT: '8787',
  LATCHKEY_SERVICE_PORT_HTTP: '8787',
  LATCHKEY_PORT_8787_TCP: 'tcp://10.96.0.7:8787',
  LATCHKEY_PORT_8787_TCP_PROTO: 'tcp',
  LATCHKEY_PORT_8787_TCP_PORT: '8787',
  LATCHKEY_PORT_8787_TCP_ADDR: '10.96.0.7',
}

const chosen = async (environment: Record<string, string>) => {
  const place = await newPlace()
  return { ...place, environment: { ...environment, ...place.environment } }
}

/** Returns the log lines of a server with two workers until both listen. */
const linesUntilListening = (said: { stdout: string }): Promise<LogLine[]> =>
  until('both workers listen', () => {
    const whole = said.stdout.split('\n').slice(0, -1)
    const parsed = whole.map((line) => JSON.parse(line) as LogLine)
    return parsed.filter(({ msg }) => msg === 'listening').length === 2 && parsed
  })

describe.concurrent('server or command', () => {
  it.each(['', ' '])('starts with all other settings set to "%s"', async (value) => {
    const place = await chosen({ ...blank(value), ...SERVICE_LINKS })
    const server = await startServer(place)
    expect((await send(`${place.url}/readyz`)).status).toBe(200)
    expect(readdirSync(join(place.directory, 'keys'))).toContain('kek')
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
    expect(await latchkeyJson(place, ['client', 'list'])).toHaveLength(1)
  })

  it.each(['cli.js', 'node.js'])(
    '%s logs the names of empty settings once, in the first line',
    async (script) => {
      const place = await chosen({
        ...SERVICE_LINKS,
        LATCHKEY_DATABASE_URL: '',
        LATCHKEY_METRICS_TOKEN: ' \t',
        LATCHKEY_WORKERS: '2',
        LATCHKEY_TOKEN_TLL: '',
        LATCHKEY_NAME: '',
        OTHER: '',
      })
      const { child, said, ended } = start(place, ['serve'], CLI.replace('cli.js', script))
      const lines = await linesUntilListening(said)
      child.kill('SIGTERM')
      expect(await ended).toMatchObject({ code: 0, stderr: '' })
      const named = lines.filter(({ variables }) => variables !== undefined)
      expect(named).toEqual([
        {
          level: 30,
          time: expect.any(String),
          variables: ['LATCHKEY_DATABASE_URL', 'LATCHKEY_METRICS_TOKEN'],
          msg: 'variables that are set and empty count as unset',
        },
      ])
      expect(lines[0]).toEqual(named[0])
    },
  )

  it('logs no names when no setting is empty', async () => {
    const place = await chosen({ LATCHKEY_TOKEN_TTL: '60' })
    const server = await startServer(place)
    expect((await server.stop()).stdout).not.toContain('count as unset')
  })

  it.each(['migrate', 'admin create', 'client list', 'key list'])(
    '%s runs with every setting empty beside a service called latchkey',
    async (command) => {
      const place = await newPlace()
      const port = { LATCHKEY_PORT: 'tcp://10.96.0.7:8787' }
      const there = { ...place, environment: { ...blank(''), ...SERVICE_LINKS, ...port } }
      await latchkeyJson(there, ['migrate'])
      await latchkeyJson(there, command.split(' '))
      expect(existsSync(join(place.directory, 'data', 'latchkey.db'))).toBe(true)
    },
  )

  it.each([CLI, CLI.replace('cli.js', 'node.js')])(
    '%s stops with one line for a misspelled setting',
    async (script) => {
      const place = await chosen({ LATCHKEY_TOKEN_TLL: '60' })
      const { stderr, code } = await start(place, ['serve'], script).ended
      expect(code).toBe(1)
      expect(stderr).toBe(
        'latchkey: LATCHKEY_TOKEN_TLL is not a setting of Latchkey; did you mean LATCHKEY_TOKEN_TTL?\n',
      )
      expect(readdirSync(place.directory)).toEqual([])
    },
  )

  it.each(['q.db?mode=ro', 'my%20data/q.db', '~/q.db'])(
    'creates no file when the database is file:%s',
    async (path) => {
      const place = await chosen({ LATCHKEY_DATABASE_URL: `file:${path}` })
      for (const words of [['serve'], ['migrate'], ['client', 'list']]) {
        const { code, stderr } = await latchkey(place, words)
        expect(code).toBe(1)
        expect(stderr).toMatch(
          /^latchkey: LATCHKEY_DATABASE_URL must be a plain path; it has .*\n$/,
        )
      }
      expect(readdirSync(place.directory)).toEqual([])
    },
  )
})
