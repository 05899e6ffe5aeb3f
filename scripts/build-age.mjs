// Compares the time of a build with those of its sources.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Files that a build writes last: one of the server, one of the verifier. */
export const OUTPUTS = ['dist/cli.js', 'src/verifier/dist/cjs/package.json']
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json']

const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** The build of the verifier, and the folder whose time it changes. A build moves it while another process reads on. */
const BUILT = 'src/verifier/dist'
const AROUND_BUILT = 'src/verifier'

const below = (root, folder) =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (path === BUILT) return []
    return entry.isDirectory() ? [path, ...below(root, path)] : [path]
  })

/** Lists the sources with their folders, whose times change when a file is removed or renamed. */
const sources = (root) => [
  'src',
  ...below(root, 'src').filter((path) => path !== AROUND_BUILT),
  ...SETTINGS,
]

/** An installed package has no sources, and its build is never old. */
export const hasSources = (root) => existsSync(join(root, 'src/cli.ts'))

/** @returns whether a source of the folder is newer than the build, or the build is missing */
export const isOld = (root) => {
  if (!hasSources(root)) return false
  const built = Math.min(...OUTPUTS.map((path) => modifiedAt(join(root, path))))
  return sources(root).some((path) => modifiedAt(join(root, path)) >= built)
}
