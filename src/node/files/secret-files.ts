// Files that hold secrets: written whole or not at all, and on the disk before the process depends on them.
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { randomUUID } from 'node:crypto'
import { StartRefused } from '../../errors.ts'

/** Names of our files in a keys folder. */
export const OWN_FILES = /^(\.gitignore|(kek|admin(\.[\w-]+)?\.json)(\.[\w-]+\.tmp)?)$/

/**
 * Makes the folder (0700) with a `.gitignore` that ignores all its files, or restricts the mode of one that is ours.
 * @throws StartRefused for a folder with other files, for example a home folder or a checkout
 */
export const ensureSecretDirectory = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  requireOwnDirectory(path)
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700)
  const ignore = join(path, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
}

const requireOwnDirectory = (path: string): void => {
  if (readdirSync(path).every((name) => OWN_FILES.test(name))) return
  throw new StartRefused(
    `LATCHKEY_KEYS_DIR ${path} has other files: it must be a folder of its own`,
  )
}

/**
 * Requires that `ensureSecretDirectory` would succeed. Changes nothing.
 * @throws StartRefused for a folder with other files; the file system's error for a folder that cannot be written
 */
export const requireSecretDirectory = (path: string): void => {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) {
    accessSync(nearest(dirname(resolve(path))), constants.W_OK | constants.X_OK)
    return
  }
  requireOwnDirectory(path)
  accessSync(path, constants.W_OK | constants.X_OK)
}

/** Returns the folder if it exists, or the nearest existing folder above it. */
const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)))

/** Returns the text of a file, or null if it is missing. */
export const readIfExists = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Makes a file (0600) unless another process has made it. The first process wins, and no process reads half a file. */
export const createSecretFile = (path: string, text: string): void => {
  const temporary = writeTemporary(path, text)
  try {
    linkSync(temporary, path)
    syncDirectory(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(temporary)
  }
}

/** Puts a file (0600) in place. An earlier file is kept under a name with its time. */
export const replaceSecretFile = (path: string, text: string): void => {
  const temporary = writeTemporary(path, text)
  if (existsSync(path)) {
    const time = statSync(path).mtime.toISOString().replaceAll(/[:.]/g, '-')
    renameSync(path, path.replace(/(\.\w+)?$/, `.${time}$1`))
  }
  renameSync(temporary, path)
  syncDirectory(path)
}

const writeTemporary = (path: string, text: string): string => {
  const temporary = `${path}.${randomUUID()}.tmp`
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return temporary
}

const syncDirectory = (path: string): void => {
  const directory = openSync(dirname(path), 'r')
  fsyncSync(directory)
  closeSync(directory)
}
