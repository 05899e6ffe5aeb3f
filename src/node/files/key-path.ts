// Folders on the way to a key file. A user who may write to one of them can replace the file.
import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join, parse, resolve, sep } from 'node:path'
import { StartRefused } from '../../errors.ts'
import { MAX_LINKS } from '../../constants.ts'
import { shellPath } from '../../text/shell.ts'
import { OTHERS_WRITE, STICKY, isTrusted, modeOf } from './file-modes.ts'

const WRITE_BY_ALL = 0o002

/** Step of a lookup: the name `entry` in `folder`. `leads` is true for the file itself and for a symbolic link. */
type Step = { folder: string; entry: string; leads: boolean }

/**
 * Requires that no other user can replace the file at the path, or a symbolic link or folder on the way to it. The group
 * may write to a folder further up, because some systems let every account's own group do so. Does nothing for a missing
 * file, and on systems without modes.
 * @throws StartRefused with the command that repairs the folder
 */
export const requireSafePath = (path: string): void => {
  for (const step of stepsTo(path)) requireSafe(path, step)
}

/** Requires the same of the file's own folder only. The keys folder beside the database is checked by this. */
export const requireSafeFolder = (path: string): void => {
  for (const step of stepsTo(path).slice(-1)) requireSafe(path, step)
}

const requireSafe = (path: string, { folder, entry, leads }: Step): void => {
  const stats = statSync(folder)
  if ((stats.mode & (leads ? OTHERS_WRITE : WRITE_BY_ALL)) === 0) return
  // A sticky folder, like /tmp, lets only the owners of the folder and of the entry replace the entry.
  const isProtected = (stats.mode & STICKY) !== 0 && isTrusted(stats)
  if (isProtected && isTrusted(lstatSync(join(folder, entry)))) return
  throw new StartRefused(
    `the key-encryption key ${path} can be replaced by other users of this machine: the folder ${folder} on the way to ` +
      `it has mode ${modeOf(stats)}; check that the key is yours, and run: chmod go-w ${shellPath(folder)}`,
  )
}

/** Resolves the path like the system, link by link. */
const stepsTo = (path: string): Step[] => {
  if (process.getuid === undefined) return []
  const steps: Step[] = []
  const whole = resolve(path)
  const names = namesIn(whole)
  let folder = parse(whole).root
  let links = 0
  for (let entry = names.shift(); entry !== undefined; entry = names.shift()) {
    if (entry === '..') {
      folder = dirname(folder)
      continue
    }
    const next = join(folder, entry)
    const stats = lstatSync(next, { throwIfNoEntry: false })
    if (stats === undefined) return [] // the code that opens the file reports that it is missing
    steps.push({ folder, entry, leads: stats.isSymbolicLink() || names.length === 0 })
    if (!stats.isSymbolicLink()) {
      folder = next
      continue
    }
    if (++links > MAX_LINKS) throw new StartRefused(`${path} has more than ${MAX_LINKS} links`)
    const target = readlinkSync(next)
    if (target.startsWith(sep)) folder = parse(whole).root
    names.unshift(...namesIn(target))
  }
  return steps
}

const namesIn = (path: string): string[] =>
  path.split(sep).filter((name) => name !== '' && name !== '.')
