// Output whose reader has closed the pipe: the command completes, and its exit status is its
// outcome.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Place,
  newDirectory,
  newPlace,
  seededPlace,
  startShell,
  until,
} from '../support/processes.ts'
import { send } from '../support/http.ts'
import { readyKeys } from '../support/ready-keys.ts'

const STACK_TRACE = /\n {4}at |Error:|node:/

let place: Place
beforeAll(async () => {
  place = await seededPlace()
})

/** Runs a command with closed pipes, and reads its status from a file. */
const withClosed = async (streams: string, command: string) => {
  const name = `status-${streams}-${command}`.replaceAll(/\W/g, '-')
  const run = `{ sleep 0.3; "$NODE" "$CLI" ${command}; echo $? > ${name}; }`
  // The first line of the pipe ends at once, so that later output has no reader.
  const lines: Record<string, string> = {
    stdout: `${run} | true`,
    stderr: `${run} 2>&1 >/dev/null | true`,
    both: `${run} 2>&1 | true`,
  }
  const { stderr } = await startShell(place, lines[streams] ?? '').ended
  const status = await until('its end', () => {
    const found = readdirSync(place.directory).includes(name)
    return found && readFileSync(join(place.directory, name), 'utf8')
  })
  return { stderr, status: Number(status) }
}

const DONE = [
  'client list',
  'client list --json',
  'key list',
  'audit list',
  'audit export',
  'audit verify',
  'status',
  'completion bash',
  'migrate --json',
  'admin create',
  'client create --name a --env',
  '--help',
  'client --help',
  'client create --help',
  '--version-of-nothing --help',
]
/** `doctor` finds no server at the address of the issuer. */
const REFUSED = ['client show lkc_nobody', 'workspace show nobody', 'doctor']
/** Commands with lines on both streams. */
const NOTED = ['client create --name a --dry-run', 'migrate --dry-run']
const MISUSED = ['client', 'client nonsense', 'client list --nonsense', 'nonsense']

describe.concurrent('command with a closed pipe', () => {
  it.each(['stdout', 'both'])('exits 0 when %s is closed', async (streams) => {
    for (const command of DONE) {
      expect([command, await withClosed(streams, command)]).toEqual([
        command,
        { status: 0, stderr: '' },
      ])
    }
  })

  it.each(['stderr', 'both'])('exits 1 or 2 as usual when %s is closed', async (streams) => {
    for (const command of REFUSED) {
      expect([command, (await withClosed(streams, command)).status]).toEqual([command, 1])
    }
    for (const command of MISUSED) {
      expect([command, (await withClosed(streams, command)).status]).toEqual([command, 2])
    }
  })

  it.each(['stdout', 'stderr', 'both'])(
    'exits 0 after a dry run when %s is closed',
    async (streams) => {
      for (const command of NOTED) {
        expect([command, (await withClosed(streams, command)).status]).toEqual([command, 0])
      }
    },
  )

  it('exits 1 with one line when output cannot be written for another reason', async () => {
    for (const command of DONE.filter((words) => !words.includes('nothing'))) {
      const { code, stderr } = await startShell(place, `"$NODE" "$CLI" ${command} >/dev/full`).ended
      expect([command, code, stderr]).toEqual([
        command,
        1,
        'latchkey: standard output cannot be written: ENOSPC\n',
      ])
    }
  })

  it.each(['1', '2'])('keeps serving with %s processes', async (workers) => {
    const served = await newPlace({ LATCHKEY_WORKERS: workers, ...readyKeys() })
    const line = `{ "$NODE" "$CLI" serve --next-steps 2>errors & echo $! > pid; wait $!; echo $? > status; } | true`
    const shell = startShell(served, line)
    const read = (name: string): string => readFileSync(join(served.directory, name), 'utf8')
    await until('an answer', async () => {
      const answer = await send(`${served.url}/healthz`).catch(() => null)
      return answer?.status === 200
    })
    process.kill(Number(read('pid')), 'SIGTERM')
    await shell.ended
    expect(await until('its status', () => read('status'))).toBe('0\n')
    expect(read('errors')).not.toMatch(STACK_TRACE)
  })
})

const processesWhere = (file: string, fits: (text: string) => boolean): string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return fits(readFileSync(`/proc/${pid}/${file}`, 'utf8'))
      } catch {
        return false // the process has ended
      }
    })

/** Finds the processes with a variable. */
const processesWith = (variable: string): string[] =>
  processesWhere('environ', (text) => text.split('\0').includes(variable))

/** Finds the processes with a text in their arguments. */
const processesNaming = (name: string): string[] =>
  processesWhere('cmdline', (text) => text.includes(name))

describe.concurrent('interrupted demo', () => {
  const stages = ['at once', 'once it tells'] as const
  const SIGNALS = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const

  const runDemo = (line: string) => {
    const directory = newDirectory()
    const environment = { TMPDIR: directory, ...readyKeys() }
    return { directory, shell: startShell({ directory, environment }, line) }
  }

  /** The folder of the demo appears with its first step. Its resource servers are its children. */
  const folders = (directory: string): string[] =>
    readdirSync(directory).filter((name) => name.startsWith('latchkey-demo-'))

  it.each(SIGNALS.flatMap((signal) => stages.map((stage) => [...signal, stage] as const)))(
    'leaves nothing behind after %s (status %d) %s',
    async (signal, status, stage) => {
      const { directory, shell } = runDemo(
        'trap "" INT QUIT; "$NODE" "$CLI" demo & echo $! > pid; wait $!; echo $? > status',
      )
      await until('its folder', () => folders(directory).length > 0)
      if (stage === 'once it tells')
        await until('its story', () => shell.said.stdout.includes('2.'))
      const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'))
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
      process.kill(pid, signal)
      await shell.ended
      expect(readFileSync(join(directory, 'status'), 'utf8')).toBe(`${status}\n`)
      expect(folders(directory)).toEqual([])
      expect(shell.said.stderr).not.toMatch(STACK_TRACE)
      for (const child of children) expect(readdirSync('/proc')).not.toContain(child || 'none')
    },
  )

  it.each([0, 300, 900])(
    'leaves nothing behind after SIGKILL, %d ms after the start of its resource servers',
    async (ms) => {
      const { directory, shell } = runDemo('exec "$NODE" "$CLI" demo')
      const pid = Number(shell.child.pid)
      const children = await until('its resource servers', () => {
        const found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
        return found.length === 3 && found
      })
      await new Promise((resolve) => setTimeout(resolve, ms))
      process.kill(pid, 'SIGKILL')
      await until('the end of its resource servers', () => {
        const alive = readdirSync('/proc')
        return !children.some((child) => alive.includes(child))
      })
      expect(folders(directory)).toEqual([])
    },
  )

  /** Code that fails in the process of the demo alone: its resource servers have other arguments. */
  const FAILURES: readonly (readonly [what: string, code: string])[] = [
    ['an error of a step', 'globalThis.fetch = async () => { throw Error("boom") }'],
    ['an error that no step catches', 'setTimeout(() => { throw Error("boom") }, 600)'],
    [
      'an error before its first step',
      `const make = fs.mkdtempSync
      fs.mkdtempSync = (...given) => {
        setImmediate(() => { throw Error("boom") })
        return make(...given)
      }
      syncBuiltinESMExports()`,
    ],
    ['an exit', 'setTimeout(() => process.exit(1), 600)'],
  ]
  it.each(FAILURES)('leaves nothing behind after %s', async (_, code) => {
    const module = `import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      if (process.argv[2] === 'demo') { ${code} }`
    const url = `data:text/javascript,${encodeURIComponent(module).replaceAll("'", '%27')}`
    const { directory, shell } = runDemo(`"$NODE" --import '${url}' "$CLI" demo`)
    expect((await shell.ended).code).toBe(1)
    // Arguments of a resource server have the folder of the demo.
    await until('the end of its processes', () => processesNaming(basename(directory)).length === 0)
    expect(folders(directory)).toEqual([])
  })

  it('leaves nothing behind after the end of its reader', async () => {
    const { directory, shell } = runDemo('"$NODE" "$CLI" demo | head -1')
    const { stdout, stderr } = await shell.ended
    expect(stdout).toMatch(/^Latchkey runs at [^\n]+\n$/)
    expect(stderr).toBe('')
    expect(folders(directory)).toEqual([])
    const issuer = /http:\/\/localhost:\d+/.exec(stdout)?.[0]
    expect(processesWith(`ISSUER=${issuer}`)).toEqual([])
  })
})
