// The file of the ledger, opened when it is first needed. One that cannot be used makes room for a new one: what is
// lost is known to expire.
import { basename, dirname, join } from 'node:path'
import type { Config } from '../../config.ts'
import { nowSeconds } from '../../clock.ts'
import type { Deps } from '../../deps.ts'
import { Unavailable } from '../../errors.ts'
import type { LedgerEntry, LedgerFilter, LedgerRow } from '../../store/ledger.ts'
import type { Part } from '../../store/store.ts'
import { ForeignFile, type LedgerFile, identityOf, moveAside, openLedgerFile } from './file.ts'

/** All throw `Unavailable` but the last, which never throws. */
export type LedgerWriter = {
  add(entries: readonly LedgerEntry[]): Promise<void>
  count(filter: LedgerFilter, now: number): Promise<number>
  list(filter: LedgerFilter, now: number, part: Part<number>): Promise<LedgerRow[]>
  prune(now: number): Promise<void>
  close(): Promise<void>
}

/** Beside the database; of one that is not called `latchkey.db`, after its name, so that each has its own. */
export const ledgerPath = ({ databasePath }: Pick<Config, 'databasePath'>): string => {
  const name = basename(databasePath, '.db')
  return join(dirname(databasePath), name === 'latchkey' ? 'ledger.db' : `${name}.ledger.db`)
}

/** What says nothing of the file itself. */
const PASSING = /^(SQLITE_(BUSY|FULL|IOERR|NOMEM)|ENOSPC|EMFILE|ENFILE|DRIVER_UNUSABLE)/

/** What a file can turn out to be while it is used. */
const BROKEN = /^SQLITE_(CORRUPT|NOTADB)/

const codeOf = (error: unknown): string =>
  String((error as { code?: unknown }).code ?? 'LEDGER_UNUSABLE')

type Options = Pick<Deps, 'clock' | 'log'> & { path: string }

/** In the thread that calls: it waits while the disk does. */
export const createLedgerWriter = (options: Options): LedgerWriter => {
  const { use, close } = createUse(options)
  return {
    add: async (entries) => use((file) => file.add(entries)),
    count: async (filter, now) => use((file) => file.count(filter, now)),
    list: async (filter, now, part) => use((file) => file.list(filter, now, part)),
    async prune(now) {
      // Between the parts others have their turn.
      while (use((file) => file.prune(now))) await new Promise((resolve) => setImmediate(resolve))
    },
    close: async () => close(),
  }
}

const createUse = ({ path, clock, log }: Options) => {
  let file: LedgerFile | null = null
  let identity: number | null = null

  const close = (): void => {
    try {
      file?.close()
    } catch {
      // It is given up either way.
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
      close() // whatever it was, the next one looks at it anew
      if (BROKEN.test(code)) replace(code)
      throw new Unavailable(code)
    }
  }

  return { use, close }
}
