// Checks modes and owners of files that hold secrets, at every open: a restored copy has the modes of the archive.
import { type Stats, chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { StartRefused } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { shellPath } from '../../text/shell.ts'

/** Access of the group and of all other users. */
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
 * Removes every other user's access to one of our regular files. Does nothing for a missing file, and on systems without
 * modes. The target of a symbolic link keeps its mode, because it may belong to another user; the log names the link.
 * @param isOurs tells from the content whether the file is ours, before its mode is changed
 * @throws StartRefused if another user owns the file, or its mode cannot be changed
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
      `${path} has mode ${modeOf(stats)} and cannot be changed (${codeOf(error)}); run: chmod 600 ${shellPath(path)}`,
    )
  }
  logRepaired(log, { path, stats, now: PRIVATE_FILE })
}

/**
 * Removes every other user's access to a folder that has only files of ours. A folder that is empty, has other files or
 * is shared (sticky, like /tmp) keeps its mode. If others may write to it the log has a warning: they could replace our
 * files.
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
    logRepaired(log, { path, stats, now: PRIVATE_DIRECTORY, holdsNothing })
  } else if ((stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0) {
    log.error({ path, mode: modeOf(stats) }, 'other users can replace files in this folder')
  }
}

/**
 * Requires that only the owner can read and write a key file, and that the owner is this user or root. The group may read
 * a file that root has mounted, because a process of another user can read it in no other way. Symbolic links are
 * followed, because mounted secrets are links. The mode is not repaired: another user may have read the key already.
 * @throws StartRefused with the command that repairs the file
 */
export const requirePrivateKey = (path: string, { mounted }: { mounted: boolean }): void =>
  requirePrivate(path, {
    mounted,
    what: 'the key-encryption key',
    replace: 'replace the key if they may have read it',
  })

/** The same for a file with the credentials of an administrator. */
export const requirePrivateCredentials = (path: string, { mounted }: { mounted: boolean }): void =>
  requirePrivate(path, {
    mounted,
    isOwn: true, // the administrator who runs the command reads it
    what: 'the file of credentials',
    replace: 'add another secret if they may have read it',
  })

type PrivateFile = {
  mounted: boolean
  what: string
  replace: string
  /** True for a file that no process of another user has to read. */
  isOwn?: boolean
}

const requirePrivate = (path: string, file: PrivateFile): void => {
  const { mounted, what, replace, isOwn = false } = file
  const stats = look(path)
  if (stats === null || !stats.isFile()) return
  requireOwner(path, stats)
  const allowed = mounted && stats.uid === ROOT ? GROUP_READ : 0
  if ((stats.mode & OTHERS & ~allowed) === 0) return
  const needsGroup = allowed !== 0 && !(isOwn && stats.uid === ownUser())
  throw new StartRefused(
    `${what} ${path} has mode ${modeOf(stats)}: other users of this machine have access to it; ` +
      `${replace}, or run: chmod ${needsGroup ? '440' : '600'} ${shellPath(path)}`,
  )
}

export type Access = {
  mode: string
  uid: number
  /** True if a user other than this one and root owns it. */
  isForeign: boolean
  /** True if other users have access. */
  isOpen: boolean
  /** True for a folder in which other users can replace files. */
  isReplaceable: boolean
}

/** Tells who has access to a file or a folder; null if it is missing. Changes nothing. */
export const accessTo = (path: string): Access | null => {
  const stats = look(path)
  if (stats === null) return null
  return {
    mode: modeOf(stats),
    uid: stats.uid,
    isForeign: !isTrusted(stats),
    isOpen: (stats.mode & OTHERS) !== 0,
    isReplaceable: (stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0,
  }
}

/** Returns null for a file that is missing or cannot be seen, and on systems without users. */
const look = (path: string): Stats | null => {
  if (process.getuid === undefined) return null
  try {
    // The code that opens the file reports a link without a target.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null // folder of another user, whose files cannot be reached
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

/** Tells whether a file belongs to this user or to root. For root every file does. */
export const isTrusted = ({ uid }: Pick<Stats, 'uid'>): boolean => {
  const own = ownUser()
  return own === ROOT || uid === own || uid === ROOT
}

/**
 * True for a file of this user, of root, or of the owner of the database, who is another user where root runs a command.
 */
export const isOfUsers = ({ uid }: Access, database: Access | null): boolean =>
  uid === ownUser() || uid === ROOT || (ownUser() === ROOT && uid === database?.uid)

/** Root may work on another user's files (`sudo latchkey …`), because it can read every file. */
const requireOwner = (path: string, stats: Stats): void => {
  if (isTrusted(stats)) return
  const { uid } = stats
  const own = ownUser()
  throw new StartRefused(
    `${path} belongs to user ${uid}, and this process runs as user ${own}; run: chown ${own} ${shellPath(path)}`,
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

const logRepaired = (log: Checks['log'], repaired: Repaired): void => {
  const { path, stats, holdsNothing = false } = repaired
  const fields = { path, mode: modeOf(stats), now: repaired.now.toString(8).padStart(4, '0') }
  if (holdsNothing) log.info(fields, 'this folder was made private before anything is put into it')
  else log.error(fields, 'other users had access to this path; its mode was repaired')
}

export const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0')

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? 'unknown')
