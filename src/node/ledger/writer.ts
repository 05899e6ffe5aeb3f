// Writer of the ledger's file, which is opened with the first operation. A file that cannot be used is moved aside and
// replaced: the lost entries describe tokens that expire soon.
import { basename, dirname, join } from 'node:path'
import type { Config } from '../../config.ts'
import { nowSeconds } from '../../clock.ts'
import type { Deps } from '../../deps.ts'
import { Unavailable } from '../../errors.ts'
import type { LedgerEntry, LedgerFilter, LedgerRow } from '../../store/ledger.ts'
import type { Part } from '../../store/store.ts'
import {
  ForeignFile,
  type LedgerFile,
  identityOf,
  moveAside,
  openLedgerFile,
  openLedgerToRead,
} from './file.ts'

/** All operations throw `Unavailable`, except `close`, which throws nothing. */
export type LedgerWriter = {
  add(entries: readonly LedgerEntry[]): Promise<void>
  count(filter: LedgerFilter, now: number): Promise<number>
  list(filter: LedgerFilter, now: number, part: Part<number>): Promise<LedgerRow[]>
  prune(now: number): Promise<void>
  close(): Promise<void>
}

/** Path beside the database. A database that is not `latchkey.db` gives its ledger its own name. */
export const ledgerPath = ({ databasePath }: Pick<Config, 'databasePath'>): string => {
  const name = basename(databasePath, '.db')
  return join(dirname(databasePath), name === 'latchkey' ? 'ledger.db' : `${name}.ledger.db`)
}

/** Transient errors (lock, full disk, out of memory) and a broken driver: the file is kept, and the operation is retried. */
const PASSING = /^(SQLITE_(BUSY|FULL|IOERR|NOMEM)|ENOSPC|EMFILE|ENFILE|DRIVER_UNUSABLE)/

/** Errors of a broken file, found while it is used. */
const BROKEN = /^SQLITE_(CORRUPT|NOTADB)/

const codeOf = (error: unknown): string =>
  String((error as { code?: unknown }).code ?? 'LEDGER_UNUSABLE')

type Options = Pick<Deps, 'clock' | 'log'> & { path: string }

/** Works in the calling thread, which waits for the disk. */
export const createLedgerWriter = (options: Options): LedgerWriter => {
  const { use, close } = createUse(options)
  return {
    add: async (entries) => use((file) => file.add(entries)),
    count: async (filter, now) => use((file) => file.count(filter, now)),
    list: async (filter, now, part) => use((file) => file.list(filter, now, part)),
    async prune(now) {
      // Yields between the batches, so that other calls are served.
      while (use((file) => file.prune(now))) await new Promise((resolve) => setImmediate(resolve))
    },
    close: async () => close(),
  }
}

/** Counts and lists the stored entries. Drops new ones, and leaves a broken file in its place. */
export const createLedgerReader = (path: string): LedgerWriter => {
  const read = async <T>(operation: (file: LedgerFile) => T, empty: T): Promise<T> => {
    let file: LedgerFile | null = null
    try {
      file = openLedgerToRead(path)
      return file === null ? empty : operation(file)
    } catch (error) {
      throw new Unavailable(codeOf(error))
    } finally {
      file?.close()
    }
  }
  return {
    add: async () => {},
    count: (filter, now) => read((file) => file.count(filter, now), 0),
    list: (filter, now, part) => read((file) => file.list(filter, now, part), []),
    prune: async () => {},
    close: async () => {},
  }
}

const createUse = ({ path, clock, log }: Options) => {
  let file: LedgerFile | null = null
  let identity: number | null = null

  const close = (): void => {
    try {
      file?.close()
    } catch {
      // The handle is dropped in any case.
    }
    file = null
  }

  const replace = (code: string): void => {
    if (!moveAside(path, identity, nowSeconds({ clock }))) return
    log.warn({ path, code }, 'the ledger could not be used and was moved aside')
  }

  const open = (): LedgerFile => {
    identity = identityOf(path)
    try {
      return openLedgerFile(path)
    } catch (error) {
      if (PASSING.test(codeOf(error)) || error instanceof ForeignFile) throw error
      replace(codeOf(error))
      return openLedgerFile(path)
    }
  }

  /** @throws Unavailable */
  const use = <T>(operation: (opened: LedgerFile) => T): T => {
    try {
      if (file === null) {
        file = open()
        identity = identityOf(path)
      }
      return operation(file)
    } catch (error) {
      const code = codeOf(error)
      close() // the next operation opens the file again
      if (BROKEN.test(code)) replace(code)
      throw new Unavailable(code)
    }
  }

  return { use, close }
}
