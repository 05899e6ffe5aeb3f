// Refused starts: exit code 1, one line with the reason, no value that could be secret, and no
// change on the disk.
import { randomBytes } from 'node:crypto'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execute, files } from '../support/database.ts'
import {
  type Place,
  latchkey,
  latchkeyJson,
  newDirectory,
  newPlace,
  seededPlace,
  withVariables,
} from '../support/processes.ts'

let seeded: Place
let taken: Server
beforeAll(async () => {
  seeded = await seededPlace()
  taken = createServer().listen(seeded.port, '127.0.0.1')
})
afterAll(() => {
  taken.close()
})

/** Copies a database of a first start, with its folders. */
const copyOfSeeded = async (): Promise<Place> => {
  const place = { ...(await newPlace()), directory: newDirectory() }
  cpSync(seeded.directory, place.directory, { recursive: true })
  return place
}

const SECRET = 'do-not-repeat-this-value'
const OTHER_KEK = randomBytes(32).toString('base64url')

type Case = {
  line: RegExp | string
  variables?: Record<string, string>
  /** Changes a place with a database before the start. */
  change?: (place: Place) => void
}

const expectRefusal = async (place: Place, args: string[], line: RegExp | string) => {
  const before = files(place)
  const { stderr, ...rest } = await latchkey(place, args)
  expect(rest).toEqual({ code: 1, signal: null, stdout: '' })
  expect(stderr).toMatch(/^latchkey: [^\n]+\n$/)
  expect(stderr).toMatch(line)
  expect(stderr).not.toContain(SECRET)
  expect(stderr).not.toContain(OTHER_KEK)
  expect(files(place)).toEqual(before)
}

const keyFile = (place: Place): string => join(place.directory, 'keys', 'kek')
const occupied = () => ({ LATCHKEY_PORT: String(seeded.port) })

const EXISTING: Record<string, Case> = {
  'another key-encryption key': {
    variables: { LATCHKEY_KEK: OTHER_KEK },
    line: 'the key-encryption key is not the one that encrypted the signing keys',
  },
  'no key-encryption key': {
    change: (place) => rmSync(keyFile(place)),
    line: /the key-encryption key keys\/kek is missing/,
  },
  'no key-encryption key in the named file': {
    variables: { LATCHKEY_KEK_FILE: 'nowhere' },
    line: 'the key-encryption key nowhere is missing',
  },
  'a key-encryption key of the wrong form': {
    change: (place) => writeFileSync(keyFile(place), SECRET),
    line: 'keys/kek must hold 32 bytes in base64url without padding',
  },
  'a folder in place of the key-encryption key': {
    variables: { LATCHKEY_KEK_FILE: 'keys' },
    line: 'cannot read the key-encryption key keys: EISDIR',
  },
  'a database of a newer version': {
    change: (place) => {
      execute(place, `insert into latchkey_migrations values (999, '0999_from_the_future', 'h')`)
    },
    line: 'made by a newer version of Latchkey (migration 0999_from_the_future',
  },
  'a database with another history': {
    change: (place) => execute(place, `update latchkey_migrations set hash = 'h'`),
    line: /migration \w+ of the database is not the one that this version has/,
  },
  'a text file as database': {
    change: (place) =>
      writeFileSync(join(place.directory, 'data', 'latchkey.db'), SECRET.repeat(99)),
    line: 'cannot open the database ./data/latchkey.db: SQLITE_NOTADB',
  },
  'an audience with an unlisted algorithm': {
    change: (place) => execute(place, `update audiences set algorithm = 'ES256' where id = 'hook'`),
    line: 'the audience hook signs with ES256, which LATCHKEY_ALGORITHMS does not list',
  },
  'a malformed proxy address': {
    variables: { LATCHKEY_TRUSTED_PROXIES: '10.0.0.999' },
    line: 'LATCHKEY_TRUSTED_PROXIES must be',
  },
  'a malformed proxy address, with several workers': {
    variables: { LATCHKEY_TRUSTED_PROXIES: '10.0.0.999', LATCHKEY_WORKERS: '2' },
    line: 'LATCHKEY_TRUSTED_PROXIES must be',
  },
}

const EMPTY: Record<string, Case> = {
  'an unknown setting': {
    variables: { LATCHKEY_ADMIN_SECRET: SECRET },
    line: 'LATCHKEY_ADMIN_SECRET is not a setting of Latchkey',
  },
  'a bad value': {
    variables: { LATCHKEY_KEK: SECRET },
    line: 'LATCHKEY_KEK must be 32 bytes in base64url without padding',
  },
  'a metrics token that is too short': {
    variables: { LATCHKEY_METRICS_TOKEN: SECRET.slice(0, 9) },
    line: 'LATCHKEY_METRICS_TOKEN must be 16 or more visible characters without blanks',
  },
  'two key-encryption keys': {
    variables: { LATCHKEY_KEK: OTHER_KEK, LATCHKEY_KEK_FILE: 'key' },
    line: 'LATCHKEY_KEK and LATCHKEY_KEK_FILE must not both be set',
  },
  'a database that this version cannot use': {
    variables: { LATCHKEY_DATABASE_URL: `postgres://latchkey:${SECRET}@localhost/latchkey` },
    line: 'LATCHKEY_DATABASE_URL names PostgreSQL',
  },
}

describe.concurrent('start on a database', () => {
  it.each(Object.entries(EXISTING))('is refused with %s', async (_, refused) => {
    const { variables = {}, change, line } = refused
    const place = await copyOfSeeded()
    change?.(place)
    await expectRefusal(withVariables(place, variables), ['serve'], line)
  })

  it.each(['1', '2'])('is refused with %s workers when the port is in use', async (workers) => {
    const place = withVariables(await copyOfSeeded(), { ...occupied(), LATCHKEY_WORKERS: workers })
    await expectRefusal(place, ['serve'], `cannot listen on 127.0.0.1:${seeded.port}: EADDRINUSE`)
  })

  it('is not the only refusal: a command that cannot be audited does not run', async () => {
    const place = await copyOfSeeded()
    const full =
      "create trigger full before insert on audit_events begin select raise(abort, 'full'); end"
    execute(place, full)
    await expectRefusal(place, ['client', 'create', '--name', 'a'], 'the database did not answer')
    expect(await latchkeyJson<unknown[]>(place, ['client', 'list'])).toHaveLength(1)
  })
})

describe.concurrent('start in an empty folder', () => {
  it.each(Object.entries(EMPTY))('is refused with %s', async (_, { variables = {}, line }) => {
    await expectRefusal(withVariables(await newPlace(), variables), ['serve'], line)
  })
})
