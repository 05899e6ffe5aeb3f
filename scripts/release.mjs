// `npm run release`: checks, packs and publishes one version of both packages, with provenance. `npm run release -- --dry-run`
// does the same up to the packing, and prints the remaining commands. docs/releasing.md describes the steps.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { changelogFault, publishArguments, versionFaults } from './release-rules.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Folders of the packages. The verifier is published first, because the server names its version. */
const PACKAGES = ['src/verifier', '.']
/** Commands of the checks; a workflow runs them on the commit that it publishes. */
const CHECKS = [
  ['npm', 'test'],
  ['npm', 'run', 'check'],
]

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } })
const isDry = values['dry-run']

const print = (text) => process.stdout.write(`${text}\n`)
const readText = (path) => readFileSync(join(ROOT, path), 'utf8')
const readJson = (path) => JSON.parse(readText(path))
const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trimEnd()

/** Runs a command and shows its output. @returns whether it succeeded */
const run = (program, ...args) => {
  print(`\n== ${[program, ...args].join(' ')}`)
  return spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' }).status === 0
}

const refuse = (faults) => {
  for (const fault of faults) print(`FAILED: ${fault}`)
  process.exit(1)
}

const manifests = PACKAGES.map((folder) => readJson(join(folder, 'package.json')))
const [verifier, server] = manifests
const version = server.version
const tag = `v${version}`

const treeFaults = () => {
  const changes = git('status', '--porcelain')
  return changes === '' ? [] : [`the working tree has changes:\n${changes}`]
}

/** A tag on this commit belongs to a release that did not finish. */
const tagFaults = () => {
  if (git('tag', '--list', tag) === '') return []
  const isHere = git('rev-parse', `${tag}^{commit}`) === git('rev-parse', 'HEAD')
  return isHere ? [] : [`the tag ${tag} exists on another commit`]
}

const faults = () => [
  ...treeFaults(),
  ...versionFaults({
    server,
    verifier,
    lock: readJson('package-lock.json'),
    constants: readText('src/constants.ts'),
    verifierConstants: readText('src/verifier/constants.ts'),
  }),
  ...changelogFault(readText('CHANGELOG.md'), version),
  ...tagFaults(),
]

/** Provenance is signed for the identity of a workflow, and names the repository of the manifest. */
const conditions = () => {
  const hasIdentity = ['ACTIONS_ID_TOKEN_REQUEST_URL', 'SIGSTORE_ID_TOKEN'].some(
    (name) => (process.env[name] ?? '') !== '',
  )
  const nameless = manifests.filter(({ repository }) => repository === undefined)
  return [
    ...(hasIdentity ? [] : ['provenance needs a workflow with an OpenID Connect identity']),
    ...nameless.map(({ name }) => `provenance needs the member repository in ${name}`),
  ]
}

/** Packs a package into a folder of its own. @returns the path of the archive */
const pack = (folder, destination) => {
  const into = mkdtempSync(join(destination, 'archive-'))
  execFileSync('npm', ['pack', '--pack-destination', into], {
    cwd: join(ROOT, folder),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [name] = readdirSync(into)
  const bytes = readFileSync(join(into, name))
  const digest = createHash('sha512').update(bytes).digest('base64')
  print(`packed ${name}: ${bytes.length} bytes, sha512-${digest}`)
  return join(into, name)
}

/** A repeated release skips the package that the registry has. */
const isPublished = ({ name }) =>
  spawnSync('npm', ['view', `${name}@${version}`, 'version'], {
    encoding: 'utf8',
  }).stdout?.trim() === version

/** Tags before publishing: a repeated release finds the tag, and refuses another commit. */
const publish = (archives) => {
  if (git('tag', '--list', tag) === '') git('tag', '--annotate', tag, '--message', tag)
  if (!run('git', 'push', 'origin', tag)) refuse([`git push of ${tag}`])
  for (const [index, archive] of archives.entries()) {
    if (isPublished(manifests[index])) print(`published before: ${manifests[index].name}`)
    else if (!run('npm', ...publishArguments(archive, version))) {
      refuse([
        `npm publish of ${manifests[index].name}; a repeated release skips published packages`,
      ])
    }
  }
}

const announce = (archives) => {
  print(`would run: git tag --annotate ${tag} --message ${tag}`)
  print(`would run: git push origin ${tag}`)
  for (const archive of archives)
    print(`would run: npm ${publishArguments(archive, version).join(' ')}`)
  for (const condition of conditions()) print(`before the release: ${condition}`)
}

print(`release ${version}${isDry ? ', dry run' : ''}`)
const found = [...faults(), ...(isDry ? [] : conditions())]
if (found.length > 0) refuse(found)
for (const check of CHECKS) if (!run(...check)) refuse([check.join(' ')])
const changed = treeFaults()
if (changed.length > 0) refuse(changed)

print('\n== pack')
const destination = mkdtempSync(join(tmpdir(), 'latchkey-release-'))
process.once('exit', () => rmSync(destination, { recursive: true, force: true }))
const archives = PACKAGES.map((folder) => pack(folder, destination))
if (isDry) announce(archives)
else publish(archives)
