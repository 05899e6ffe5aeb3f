// Folders on the way to a key file: another user who may write to one of them can put another file in its place.
import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join, parse, resolve, sep } from 'node:path'
import { StartRefused } from '../../errors.ts'
import { MAX_LINKS } from '../../constants.ts'
import { OTHERS_WRITE, STICKY, isTrusted, modeOf } from './file-modes.ts'

const WRITE_BY_ALL = 0o002

/** `entry` is the name that is looked up in `folder`; `leads` where it is the file itself or a symbolic link. */
type Step = { folder: string; entry: string; leads: boolean }

/**
 * Requires that no other user can replace the file at the path, or a symbolic link or folder on the way to it. The group
 * may write to a folder further up, because some systems let every account's own group do so. Does nothing where there
 * is no such file, and on systems without modes.
 * @throws StartRefused with the command that mends it
 */
export const requireKeptPath = (path: string): void => {
  for (const step of stepsTo(path)) requireKept(path, step)
}

/** As `requireKeptPath`, for the folder of the file alone: one that is made beside the database. */
export const requireKeptFolder = (path: string): void => {
  for (const step of stepsTo(path).slice(-1)) requireKept(path, step)
}

const requireKept = (path: string, { folder, entry, leads }: Step): void => {
  const stats = statSync(folder)
  if ((stats.mode & (leads ? OTHERS_WRITE : WRITE_BY_ALL)) === 0) return
  // In a sticky folder only the owners of the folder and of the entry replace the entry, as in /tmp.
  const isKept = (stats.mode & STICKY) !== 0 && isTrusted(stats)
  if (isKept && isTrusted(lstatSync(join(folder, entry)))) return
  throw new StartRefused(
    `the key-encryption key ${path} can be replaced by other users of this machine: the folder ${folder} on the way to ` +
      `it has mode ${modeOf(stats)}; look whether the key is yours, and run: chmod go-w ${folder}`,
  )
}

/** Looks the path up as the system does, link by link. */
const stepsTo = (path: string): Step[] => {
  if (process.getuid === undefined) return []
  const steps: Step[] = []
  const whole = resolve(path)
  const names = namesIn(whole)
  let [folder, links] = [parse(whole).root, 0]
  for (let entry = names.shift(); entry !== undefined; entry = names.shift()) {
    if (entry === '..') {
      folder = dirname(folder)
      continue
    }
    const next = join(folder, entry)
    const stats = lstatSync(next, { throwIfNoEntry: false })
    if (stats === undefined) return [] // whatever opens the file reports that it is missing
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
