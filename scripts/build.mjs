// Builds the server and the verifier. Without an argument it always builds (`npm run build`). An argument names the
// occasion, and then it builds only if a source is newer than the build:
//   update    before tests
//   prepare   npm installs the packages (always builds), or `npx latchkey` links this folder
//   prepack   npm packs the release
//   start     `npm start`, where `git pull` may have brought new sources
// A server loads files of the build while it runs, so that the last three leave a build alone that a process uses.
import { execFileSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OUTPUTS, hasSources, isOld } from './build-age.mjs'
import { acquire } from './build-lock.mjs'
import { usersOf } from './users-of.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Builds, each with the place of the one that it replaces: a build that fails puts that back. */
const FORMER = { dist: 'dist.former', 'src/verifier/dist': 'verifier-dist.former' }
const BUILDS = Object.keys(FORMER)
const TOOLS = ['typescript', 'esbuild']

const isNpx = process.env.npm_command === 'exec'

const { resolve } = createRequire(import.meta.url)
const inRoot = (path) => join(ROOT, path)
const note = (text) => process.stderr.write(`latchkey: ${text}\n`)

const isBuilt = () => OUTPUTS.every((path) => existsSync(inRoot(path)))

/** `npm ci --omit=dev` leaves the tools out. */
const hasTools = () => {
  try {
    return TOOLS.map((name) => resolve(`${name}/package.json`)).length > 0
  } catch {
    return false
  }
}

const packagesIn = (path) =>
  existsSync(inRoot(path)) ? JSON.parse(readFileSync(inRoot(path), 'utf8')).packages : undefined

/** Returns the packages of package-lock.json whose version is not that in node_modules. Without npm's record: none. */
const changedPackages = () => {
  const lock = packagesIn('package-lock.json')
  const installed = packagesIn('node_modules/.package-lock.json')
  if (lock === undefined || installed === undefined) return []
  return Object.entries(lock)
    .filter(([path, { version, link, dev, optional, devOptional, peer }]) => {
      if (!path.startsWith('node_modules/') || link) return false
      const found = installed[path]
      return found ? found.version !== version : !(dev || optional || devOptional || peer)
    })
    .map(([path, { version }]) => `${path.replace(/^node_modules\//, '')} ${version}`)
}

const run = (...args) =>
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })

const remove = (path) => rmSync(inRoot(path), { recursive: true, force: true })

/** Keeps the former build of a build that was killed: what that one has written is incomplete. */
const setAside = () => {
  for (const [path, former] of Object.entries(FORMER)) {
    if (existsSync(inRoot(former))) remove(path)
    else if (existsSync(inRoot(path))) renameSync(inRoot(path), inRoot(former))
  }
}

/** Removes what a compiler with errors has written. @returns whether there was a former build */
const putBack = () => {
  const isThere = Object.values(FORMER).every((path) => existsSync(inRoot(path)))
  for (const [path, former] of Object.entries(FORMER)) {
    remove(path)
    if (existsSync(inRoot(former))) renameSync(inRoot(former), inRoot(path))
  }
  return isThere
}

/**
 * Builds, and puts the former build back if that fails. A source that is saved during the build is newer than its outputs,
 * so that the next build is due.
 * @returns true
 */
const build = () => {
  const began = new Date()
  setAside()
  try {
    run('src/verifier/build.mjs')
    run(
      join(dirname(resolve('typescript/package.json')), 'bin', 'tsc'),
      '-p',
      'tsconfig.build.json',
    )
    run('scripts/bundle.mjs')
  } catch {
    const isReplaced = putBack()
    note(`the build failed${isReplaced ? '; the former build is back' : ''}`)
    process.exit(1)
  }
  // npm makes a command executable only when it links the folder, and npx has linked it before this build.
  chmodSync(inRoot('dist/cli.js'), 0o755)
  for (const path of OUTPUTS) utimesSync(inRoot(path), began, began)
  for (const former of Object.values(FORMER)) remove(former)
  return true
}

/**
 * The folder of an image is often read-only, or another user's. A build removes folders of it. Another build may have set
 * one aside at this moment: a folder that is missing prevents nothing.
 */
const isWritable = () =>
  ['.', 'src/verifier', ...BUILDS].every((path) => {
    try {
      accessSync(inRoot(path), constants.W_OK)
      return true
    } catch (error) {
      return error.code === 'ENOENT'
    }
  })

/** Returns the reason against a build, if there is one. */
const obstacle = () => {
  if (!isWritable()) return 'this user cannot write it'
  if (!hasTools()) return 'the build tools are not installed: run npm ci without --omit=dev'
  const users = isBuilt() ? usersOf(inRoot('dist')) : []
  if (users === undefined) return 'this system lists no processes: run npm run build'
  if (users.length === 0) return undefined
  return `process ${users.join(', ')} uses it: stop that server first`
}

/** @returns whether the build is now as new as the sources */
const buildUnlessPrevented = () => {
  const reason = obstacle()
  if (reason === undefined) return build()
  if (!isOld(ROOT)) return true
  note(`the build is ${isBuilt() ? 'older than the sources' : 'missing'}, and ${reason}`)
  return false
}

/** The command that npx runs uses the build that is there. An installation without the tools may get its build later. */
const prepare = () => {
  if (isBuilt() && (isNpx || !hasTools())) return true
  return buildUnlessPrevented() || !isNpx
}

/** An old build starts where none can be made, because the files of a copied folder can have any time. */
const start = () => {
  const [changed, ...others] = changedPackages()
  if (changed !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    note(`node_modules is older than package-lock.json (${changed}${more}): run npm ci`)
  }
  return buildUnlessPrevented() || (isBuilt() && !(hasTools() && isWritable()))
}

/** npm installs anew after an update, whose files may have any time: an archive keeps old ones. */
const isDue = (occasion) => isOld(ROOT) || (occasion === 'prepare' && hasSources(ROOT) && !isNpx)

const OCCASIONS = { update: build, prepare, prepack: buildUnlessPrevented, start }
const [occasion] = process.argv.slice(2)
const isWanted = () => occasion === undefined || isDue(occasion)

/** Lets no other process build meanwhile. It may have built: a build that is due is due no more. */
const alone = (step) => {
  if (!isWritable() || !hasTools()) return step()
  const release = acquire(inRoot('build.lock'), (pid) =>
    note(`process ${pid} builds this folder: waiting for it`),
  )
  process.on('exit', release)
  return isWanted() ? step() : true
}

if (isWanted() && !alone(OCCASIONS[occasion] ?? build)) process.exitCode = 1
