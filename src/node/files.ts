// Files that hold secrets: written whole or not at all, on the disk before anything depends on them.
import {
  chmodSync,
  closeSync,
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
import { dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { StartRefused } from '../errors.ts'

/** Names in a keys folder that has nothing but files of ours. */
export const OWN_FILES = /^(\.gitignore|kek|admin(\.[\w-]+)?\.json|.*\.tmp)$/

/**
 * Makes the folder (0700) with a `.gitignore` that ignores everything in it, or tightens one that is ours.
 * @throws StartRefused for a folder that others can read and that has other files: it is somebody's home
 */
export const ensureSecretDirectory = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if ((statSync(path).mode & 0o077) !== 0) {
    if (!readdirSync(path).every((name) => OWN_FILES.test(name))) {
      throw new StartRefused(
        `LATCHKEY_KEYS_DIR ${path} has other files: it must be a folder of its own`,
      )
    }
    chmodSync(path, 0o700)
  }
  const ignore = join(path, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
}

/** The text of a file, or null where there is none. */
export const readIfExists = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Makes a file (0600) unless another process has: whoever is first wins, and nobody sees half of it. */
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

/** Puts a file (0600) in place. One that is there is kept under a name with its time in it. */
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
