// Checks of the installation: Node, the native module, the age of the build.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MIN_NODE_VERSION } from '../../constants.ts'
import { type Finding, type Patient, failed, ok, warning } from './check.ts'

/** Compares the major and the minor numbers of two versions. */
const isOlder = (version: string, other: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major === otherMajor ? minor < otherMinor : major < otherMajor
}

export const nodeVersion = async (
  _: unknown,
  version = process.versions.node,
): Promise<readonly Finding[]> => {
  if (!isOlder(version, MIN_NODE_VERSION)) return [ok(`Node.js ${version}`)]
  return [failed(`Node.js ${version}`, `install Node.js ${MIN_NODE_VERSION} or newer`)]
}

/** Loads the native module here: `doctor` also runs without it. */
export const nativeModule = async (): Promise<readonly Finding[]> => {
  const { requireDriver } = await import('../../store/sqlite/driver.ts')
  requireDriver()
  return [ok('better-sqlite3 can be loaded')]
}

/** Compares build and sources by the module that `npm start` uses. A packed release has no sources. */
export const buildAge = async ({ root }: Pick<Patient, 'root'>): Promise<readonly Finding[]> => {
  const script = new URL('scripts/build-age.mjs', root)
  if (!existsSync(script)) return [ok('a release, which has no sources')]
  const { hasSources, isOld } = (await import(script.href)) as {
    hasSources: (root: string) => boolean
    isOld: (root: string) => boolean
  }
  const folder = fileURLToPath(root)
  if (!hasSources(folder)) return [ok('a release, which has no sources')]
  if (!isOld(folder)) return [ok('the build is newer than its sources')]
  const advice = 'stop the server, then run: npm run build'
  return [warning('the build is missing or older than its sources', advice)]
}
