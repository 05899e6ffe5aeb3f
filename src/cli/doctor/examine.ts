// Runs the checks of `doctor`, in the order of their table.
import { type Config, loadConfig } from '../../config.ts'
import { DOCTOR_REQUEST_TIMEOUT_MS, MAX_ISSUER_ANSWER_BYTES } from '../../constants.ts'
import { StartRefused } from '../../errors.ts'
import { requireDatabaseFile } from '../../node/files/database-file.ts'
import { installationFault } from '../../node/installation.ts'
import type { Reading } from '../../store/sqlite/existing.ts'
import { boundedText } from '../bounded-text.ts'
import { type Answer, type Check, type Finding, type Patient, Skipped } from './check.ts'
import { clock, schema, signingKeys } from './database.ts'
import { files, keyEncryptionKey } from './files.ts'
import { buildAge, nativeModule, nodeVersion } from './installation.ts'
import { address, issuerClock, publishedKeySet } from './issuer.ts'
import { settings } from './settings.ts'

const REACH = 'start the server; check name service, proxy and firewall on the way to it'

export const CHECKS: readonly Check[] = [
  { name: 'Node.js', advice: 'install Node.js', run: nodeVersion },
  { name: 'native module', advice: 'run: npm rebuild better-sqlite3', run: nativeModule },
  { name: 'build', advice: 'run: npm run build', run: buildAge },
  { name: 'settings', advice: 'change the variable', run: settings },
  { name: 'files', after: ['settings'], advice: 'run: ls -l', run: files },
  {
    name: 'key-encryption key',
    after: ['settings'],
    advice: 'see docs/troubleshooting.md',
    run: keyEncryptionKey,
  },
  {
    name: 'database',
    after: ['settings', 'native module'],
    advice:
      'check LATCHKEY_DATABASE_URL and the current folder; the first start creates a database',
    run: schema,
  },
  {
    name: 'signing keys',
    after: ['database', 'key-encryption key'],
    advice: 'put back the key-encryption key of this database',
    run: signingKeys,
  },
  { name: 'clock', after: ['database'], advice: 'see the check of the database', run: clock },
  { name: 'issuer', after: ['settings'], advice: REACH, run: address },
  { name: 'clock of the issuer', after: ['issuer'], advice: REACH, run: issuerClock },
  { name: 'JWKS', after: ['issuer', 'database'], advice: REACH, run: publishedKeySet },
]

export type Row = { check: string } & Finding

type Options = Pick<Patient, 'environment' | 'clock' | 'root'> & { fetch: typeof fetch }

/** Runs all checks. A check whose base has failed is skipped. */
export const examine = async (options: Options, checks = CHECKS): Promise<Row[]> => {
  const { patient, close } = newPatient(options)
  const rows: Row[] = []
  const isUnusable = (name: string): boolean =>
    rows.some(
      ({ check, status }) => check === name && (status === 'failed' || status === 'skipped'),
    )
  try {
    for (const check of checks) {
      const base = check.after?.find(isUnusable)
      const findings =
        base === undefined ? await findingsOf(check, patient) : [skipped(`needs: ${base}`)]
      rows.push(...findings.map((finding) => ({ check: check.name, ...finding })))
    }
  } finally {
    await close()
  }
  return rows
}

const skipped = (detail: string): Finding => ({ status: 'skipped', detail, advice: null })

const findingsOf = async (
  { run, advice }: Check,
  patient: Patient,
): Promise<readonly Finding[]> => {
  try {
    return await run(patient)
  } catch (error) {
    if (error instanceof Skipped) return [skipped(error.message)]
    return [{ status: 'failed', detail: reasonOf(error), advice }]
  }
}

/** The cause of a failed request has the reason: `ECONNREFUSED`. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
  const reason = error instanceof StartRefused ? undefined : (cause?.code ?? cause?.message)
  return installationFault(error) ?? (reason === undefined ? message : `${message}: ${reason}`)
}

/** Reads each part once, when the first check needs it. */
const newPatient = ({ fetch, ...given }: Options) => {
  let config: Config | undefined
  let reading: Promise<Reading> | undefined
  const answers = new Map<string, Promise<Answer>>()

  const read = async (): Promise<Reading> => {
    const { databasePath } = patient.config()
    const { isNew } = requireDatabaseFile(databasePath)
    if (isNew) throw new StartRefused(`there is no Latchkey database at ${databasePath}`)
    const { openToRead } = await import('../../store/sqlite/existing.ts')
    return openToRead(databasePath)
  }
  const opened = (): Promise<Reading> => (reading ??= read())

  const request = async (path: string): Promise<Answer> => {
    const response = await fetch(patient.config().issuer + path, {
      redirect: 'manual',
      signal: AbortSignal.timeout(DOCTOR_REQUEST_TIMEOUT_MS),
    })
    const { status, headers, body } = response
    const date = Date.parse(headers.get('date') ?? '')
    const chunks = body as unknown as AsyncIterable<Uint8Array> | null
    const text = chunks === null ? '' : await boundedText(chunks, MAX_ISSUER_ANSWER_BYTES)
    return { status, date: Number.isNaN(date) ? null : date, text }
  }

  const patient: Patient = {
    ...given,
    config: () => (config ??= loadConfig(given.environment)),
    async store() {
      const { store, pendingMigrations } = await opened()
      if (pendingMigrations.length > 0) throw new Skipped('needs: migrated database')
      return store
    },
    pendingMigrations: async () => (await opened()).pendingMigrations,
    async get(path) {
      const answer = answers.get(path) ?? request(path)
      answers.set(path, answer)
      return await answer
    },
  }
  const close = async (): Promise<void> => {
    const { store } = (await reading?.catch(() => null)) ?? {}
    await store?.close()
  }
  return { patient, close }
}
