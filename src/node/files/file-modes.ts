// Checks modes and owners of files that hold secrets, at every open: a restored copy has those of the archive.
import { type Stats, chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { StartRefused } from '../../errors.ts'
import type { Log } from '../../log.ts'

/** Access by the group and by all others. */
const OTHERS = 0o077
export const OTHERS_WRITE = 0o022
const GROUP_READ = 0o040
export const STICKY = 0o1000
const ROOT = 0

/** Files that keep an empty folder in a repository. A clone gives the folder a mode; it has held no secret yet. */
const GIT_FILE = /^\.git(ignore|keep)$/

const PRIVATE_FILE = 0o600
const PRIVATE_DIRECTORY = 0o700

type Checks = { log: Pick<Log, 'error' | 'info'> }

/**
 * Takes a regular file that is ours away from everybody but its owner. Does nothing where there is no such file, and on
 * systems without modes. A symbolic link is left alone: its target may be anybody's; the log names it.
 * @param isOurs whether its content is that of a file of ours; it is asked before a mode is changed
 * @throws StartRefused where another user owns the file, or its mode cannot be changed
 */
export const keepFilePrivate = (
  path: string,
  { log, isOurs = () => true }: Checks & { isOurs?: (path: string) => boolean },
): void => {
  const stats = look(path)
  if (stats === null || !stats.isFile()) return
  requireOwner(path, stats)
  if ((stats.mode & OTHERS) === 0 || !isOurs(path)) return
  if (lstatSync(path).isSymbolicLink()) {
    log.error({ path, mode: modeOf(stats) }, 'other users have access to the target of this link')
    return
  }
  try {
    chmodSync(path, PRIVATE_FILE)
  } catch (error) {
    throw new StartRefused(
      `${path} has mode ${modeOf(stats)} and cannot be changed (${codeOf(error)}); run: chmod 600 ${path}`,
    )
  }
  sayRepaired(log, { path, stats, now: PRIVATE_FILE })
}

/**
 * Takes a folder away from everybody but its owner, if it has files of ours and nothing else. One that is empty, has
 * other files or is shared by its mode (sticky, as /tmp) is left alone. Where others may write to it, a warning says so:
 * they could replace our files.
 */
export const keepDirectoryPrivate = (
  path: string,
  isOurs: (name: string) => boolean,
  { log }: Checks,
): void => {
  const stats = look(path)
  if (stats === null || (stats.mode & OTHERS) === 0) return
  const names = (stats.mode & STICKY) === 0 ? (namesIn(path) ?? []) : []
  if (names.length > 0 && names.every(isOurs) && changeMode(path, PRIVATE_DIRECTORY)) {
    const holdsNothing = names.every((name) => GIT_FILE.test(name))
    sayRepaired(log, { path, stats, now: PRIVATE_DIRECTORY, holdsNothing })
  } else if ((stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0) {
    log.error({ path, mode: modeOf(stats) }, 'other users can replace files in this folder')
  }
}

/**
 * Requires that only the owner can read and write a key file, and that the owner is this user or root. A file that
 * root has mounted may be readable by its group as well: a process that is not root has no other way to read it.
 * Symbolic links are followed: mounted secrets are links. A key is not repaired: it may have been read already.
 * @throws StartRefused with the command that mends it
 */
export const requirePrivateKey = (path: string, { mounted }: { mounted: boolean }): void => {
  const stats = look(path)
  if (stats === null || !stats.isFile()) return
  requireOwner(path, stats)
  const allowed = mounted && stats.uid === ROOT ? GROUP_READ : 0
  if ((stats.mode & OTHERS & ~allowed) === 0) return
  throw new StartRefused(
    `the key-encryption key ${path} has mode ${modeOf(stats)}: other users of this machine have access to it; ` +
      `replace the key if they may have read it, or run: chmod ${allowed === 0 ? '600' : '440'} ${path}`,
  )
}

/** @returns null where there is no file or none that can be seen, and on systems without users */
const look = (path: string): Stats | null => {
  if (process.getuid === undefined) return null
  try {
    // A link whose target is missing is reported by whatever opens it.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null // in a folder of another user: so is a file that cannot be reached
  }
}

const namesIn = (path: string): string[] | null => {
  try {
    return readdirSync(path)
  } catch {
    return null // a folder of another user, or a file
  }
}

const ownUser = (): number => process.geteuid?.() ?? ROOT

/** True for what belongs to this user or to root, and for everything where this user is root. */
export const isTrusted = ({ uid }: Pick<Stats, 'uid'>): boolean => {
  const own = ownUser()
  return own === ROOT || uid === own || uid === ROOT
}

/** Root may work on another user's files (`sudo latchkey …`), and reads everybody's anyway. */
const requireOwner = (path: string, stats: Stats): void => {
  if (isTrusted(stats)) return
  const [uid, own] = [stats.uid, ownUser()]
  throw new StartRefused(
    `${path} belongs to user ${uid}, and this process runs as user ${own}; run: chown ${own} ${path}`,
  )
}

const changeMode = (path: string, mode: number): boolean => {
  try {
    chmodSync(path, mode)
    return true
  } catch {
    return false // a read-only mount, or another owner
  }
}

type Repaired = { path: string; stats: Stats; now: number; holdsNothing?: boolean }

const sayRepaired = (log: Checks['log'], repaired: Repaired): void => {
  const { path, stats, holdsNothing = false } = repaired
  const fields = { path, mode: modeOf(stats), now: repaired.now.toString(8).padStart(4, '0') }
  if (holdsNothing) log.info(fields, 'this folder was made private before anything is put into it')
  else log.error(fields, 'other users had access to this path; its mode was repaired')
}

export const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0')

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? 'unknown')
