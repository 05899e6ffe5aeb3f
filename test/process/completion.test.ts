// Completion scripts, in the shells themselves: they offer the commands and flags that the help names, and the values of
// flags with a closed set.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { latchkey, newDirectory } from '../support/processes.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const isInstalled = (shell: Shell): boolean => spawnSync(shell, ['-c', 'true']).status === 0

const directory = newDirectory()
const place = { directory, environment: {} }
const scripts = {} as Record<Shell, string>
beforeAll(async () => {
  for (const shell of SHELLS) {
    const { stdout, ...rest } = await latchkey(place, ['completion', shell])
    expect(rest).toEqual({ code: 0, signal: null, stderr: '' })
    scripts[shell] = stdout
    writeFileSync(join(directory, `script.${shell}`), stdout)
  }
  writeFileSync(join(directory, 'details.json'), '[]')
})

/** Programs that complete the words of `$@`, each offered word on a line of its own. */
const PROGRAMS: Record<Shell, string> = {
  bash: `source ./script.bash; complete -p latchkey >/dev/null || exit 9
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // The stand-ins for the functions of zsh print what they are given; a word before the cursor narrows nothing.
  zsh: `compdef() { :; }; _files() { print -l -- *(N); }
    compadd() { shift; print -l -- "$@"; }
    _describe() { local name=$@[-1]; print -l -- "\${(P@)name%%:*}"; }
    source ./script.zsh; words=("$@"); CURRENT=$#; _latchkey`,
  fish: `source ./script.fish; complete -C "$argv" | string replace -r '\\t.*' ''; true`,
}
const ARGUMENTS: Record<Shell, string[]> = {
  bash: ['--norc', '-c', PROGRAMS.bash, 'bash'],
  zsh: ['-f', '-c', PROGRAMS.zsh, 'zsh'],
  fish: ['--no-config', '-c', PROGRAMS.fish, '--'],
}

/** Words that a shell offers for the last word, sorted. */
const offered = (shell: Shell, line: string): string[] => {
  const words = line.split(' ')
  const { stdout, stderr, status } = spawnSync(shell, [...ARGUMENTS[shell], ...words], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, TERM: 'dumb' },
    encoding: 'utf8',
  })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const last = words.at(-1) ?? ''
  return stdout
    .split('\n')
    .filter((word) => word !== '' && word.startsWith(last))
    .sort()
}

const CASES: [line: string, words: string[]][] = [
  ['latchkey cl', ['client']],
  ['latchkey client c', ['create']],
  ['latchkey client create --na', ['--name']],
  ['latchkey client list --s', ['--sort', '--status']],
  ['latchkey client update x --no-', ['--no-ledger', '--no-quota', '--no-ttl']],
  ['latchkey client create --name list --gr', ['--grant']],
  ['latchkey client show --p', ['--profile']],
  ['latchkey serve --p', []],
  ['latchkey client create --name c', []],
  ['latchkey client create --details de', ['details.json']],
  ['latchkey client details x de', ['details.json']],
  ['latchkey help key r', ['revoke', 'rotate']],
  ['latchkey completion f', ['fish']],
  ['latchkey --v', ['--version']],
  ['latchkey client list --status ', ['active', 'disabled']],
  ['latchkey workspace list --status s', ['suspended']],
  ['latchkey plugin create x --trust r', ['restricted']],
  ['latchkey audience list --requires-plugin t', ['true']],
  ['latchkey key list --sort act', ['activated_at']],
  ['latchkey client list --filter s', []],
  ['latchkey nope --v', ['--version']],
]

type Help = { commands: string[]; flags: string[] }

/** Commands and flags that a help text lists. */
const helpOf = async (words: readonly string[]): Promise<Help> => {
  const { stdout } = await latchkey(place, [...words, '--help'])
  const named = (pattern: RegExp): string[] =>
    [...stdout.matchAll(pattern)].flatMap(([, name]) => name ?? [])
  return {
    commands: named(/^ {2}([a-z][a-z-]*) .*$/gm),
    flags: named(/^ {2}(?:-\w, )?(--[a-z-]+)/gm),
  }
}

describe.each(SHELLS)('%s', (shell) => {
  const installed = isInstalled(shell)

  // A machine without the shell cannot run its script: there, the next test looks for the words in its text.
  it.skipIf(!installed).each(CASES)('completes %s with %j', (line, words) => {
    expect(offered(shell, line)).toEqual(words)
  })

  // fish reads a word with a dash as a flag, also where a value is due.
  it.skipIf(!installed || shell === 'fish')('completes a descending order', () => {
    expect(offered(shell, 'latchkey key list --sort -k')).toEqual(['-kid'])
  })

  it('has every command and flag of the help', async () => {
    const root = await helpOf([])
    expect(root.commands.length).toBeGreaterThan(15)
    const nouns = root.commands.filter((name) => name !== 'help')
    for (const words of [[], ...nouns.map((noun) => [noun])]) {
      const { commands, flags } = await helpOf(words)
      const isNoun = commands.includes('help') && words.length > 0
      const names = [...commands.filter((name) => !isNoun || name !== 'help'), ...flags]
      if (installed) {
        const all = ['', '--'].flatMap((last) =>
          offered(shell, ['latchkey', ...words, last].join(' ')),
        )
        expect(all, words.join(' ')).toEqual(expect.arrayContaining(names))
      }
      for (const name of names) expect(scripts[shell]).toContain(name.replace(/^--/, ''))
    }
  })
})

it('completion refuses another shell and names the three', async () => {
  const { code, stderr } = await latchkey(place, ['completion', 'ksh'])
  expect(code).toBe(2)
  expect(stderr).toContain('Allowed choices are bash, zsh, fish')
})
