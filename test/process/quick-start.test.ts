// Quick start of the README: its commands run in their order at a new server, and print what it shows.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CLI, ROOT, newPlace, start, startShell, until } from '../support/processes.ts'

const [, section = ''] =
  /^## Quick start\n(.*?)^## /ms.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? []

/** Commands with the output that the README shows below them. */
const steps = [...section.matchAll(/^```sh\n(.*?)^```\n\n^```text\n(.*?)^```$/gms)].map(
  ([, commands = '', output = '']) => ({ commands, output }),
)

/** Output in which `…` stands for an id, a secret or a token. */
const patternOf = (output: string): RegExp => {
  const escaped = output.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('…', String.raw`[\w.-]+`)}$`)
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

it.skipIf(!hasCurl)('README shows what the commands of its quick start print', async () => {
  const [serve, api, ...rest] = steps
  expect(rest).toHaveLength(3)
  expect(section.match(/^```sh$/gm)).toHaveLength(steps.length)

  const issuer = await newPlace()
  const resource = await newPlace()
  const atPlaces = (text: string): string =>
    text
      .replaceAll('http://localhost:8787', issuer.url)
      .replaceAll('http://127.0.0.1:8788', resource.url)

  expect(serve?.commands).toBe('npm ci && npm start\n')
  const server = start(issuer, ['serve', '--next-steps'])
  const shown = atPlaces(serve?.output ?? '')
  await until('the next steps', () => server.said.stdout.includes(shown))
  await until('the server', () => server.said.stdout.includes('"listening"'))

  const environment = { ...process.env, ISSUER: issuer.url, PORT: String(resource.port) }
  const script = /^node (\S+) &\n$/.exec(api?.commands ?? '')?.[1] ?? ''
  const sample = start({ directory: ROOT, environment }, [], join(ROOT, script))
  await until('the sample API', () => sample.said.stdout === atPlaces(api?.output ?? ''))

  const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }\n`
  const commands = atPlaces(rest.map((step) => step.commands).join(''))
  const shell = startShell(
    { ...issuer, environment: { ...issuer.environment, PATH: process.env['PATH'] ?? '' } },
    `set -e\n${npx}${commands}`,
  )
  const { stdout, stderr } = await shell.ended
  expect(stderr).toBe('')
  expect(stdout).toMatch(patternOf(rest.map((step) => step.output).join('')))
})
