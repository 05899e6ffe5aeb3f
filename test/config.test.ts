import { describe, expect, it } from 'vitest'
import { MIN_TOKEN_TTL_SECONDS } from '../src/constants.ts'
import { SETTINGS, loadConfig } from '../src/config.ts'
import { emptySettings } from '../src/settings/environment.ts'
import { StartRefused } from '../src/errors.ts'

const KEK = Buffer.alloc(32, 7).toString('base64url')

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig({ PATH: '/bin', HOME: '/root' })).toEqual({
      issuer: 'http://localhost:8787',
      host: '127.0.0.1',
      port: 8787,
      databasePath: './data/latchkey.db',
      keysDirectory: './keys',
      kek: null,
      kekFile: null,
      tokenTtlSeconds: 900,
      keyRotationSeconds: 7_776_000,
      auditRetentionSeconds: 34_560_000,
      algorithms: ['RS256'],
      workers: 1,
      logLevel: 'info',
      trustedProxies: [],
      metricsToken: null,
    })
  })

  it.each([
    ['LATCHKEY_ISSUER', 'https://auth.example', 'issuer', 'https://auth.example'],
    ['LATCHKEY_ISSUER', 'https://auth.example:8443', 'issuer', 'https://auth.example:8443'],
    ['LATCHKEY_ISSUER', 'http://127.0.0.1:9000', 'issuer', 'http://127.0.0.1:9000'],
    ['LATCHKEY_ISSUER', 'http://[::1]:9000', 'issuer', 'http://[::1]:9000'],
    ['LATCHKEY_PORT', '9000', 'issuer', 'http://localhost:9000'],
    ['LATCHKEY_DATABASE_URL', 'file:/var/lib/l.db', 'databasePath', '/var/lib/l.db'],
    ['LATCHKEY_DATABASE_URL', 'file:///var/lib/l.db', 'databasePath', '/var/lib/l.db'],
    ['LATCHKEY_DATABASE_URL', 'file:l.db', 'databasePath', 'l.db'],
    ['LATCHKEY_TOKEN_TTL', `${MIN_TOKEN_TTL_SECONDS}`, 'tokenTtlSeconds', MIN_TOKEN_TTL_SECONDS],
    ['LATCHKEY_TOKEN_TTL', '86400', 'tokenTtlSeconds', 86_400],
    ['LATCHKEY_KEY_ROTATION', 'off', 'keyRotationSeconds', null],
    ['LATCHKEY_KEY_ROTATION', '90d', 'keyRotationSeconds', 7_776_000],
    ['LATCHKEY_KEY_ROTATION', '1y', 'keyRotationSeconds', 31_536_000],
    ['LATCHKEY_AUDIT_RETENTION', 'off', 'auditRetentionSeconds', null],
    ['LATCHKEY_AUDIT_RETENTION', '1d', 'auditRetentionSeconds', 86_400],
    ['LATCHKEY_AUDIT_RETENTION', '10y', 'auditRetentionSeconds', 315_360_000],
    ['LATCHKEY_ALGORITHMS', 'RS256,ES256', 'algorithms', ['RS256', 'ES256']],
    ['LATCHKEY_ALGORITHMS', 'Ed25519,RS256', 'algorithms', ['Ed25519', 'RS256']],
    ['LATCHKEY_ALGORITHMS', 'RS256,EdDSA,Ed25519', 'algorithms', ['RS256', 'EdDSA', 'Ed25519']],
    ['LATCHKEY_WORKERS', '4', 'workers', 4],
    ['LATCHKEY_KEK', KEK, 'kek', new Uint8Array(32).fill(7)],
    ['LATCHKEY_KEK_FILE', '/run/kek', 'kekFile', '/run/kek'],
    ['LATCHKEY_LOG_LEVEL', 'warn', 'logLevel', 'warn'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8, ::1', 'trustedProxies', ['10.0.0.0/8', '::1']],
  ] as const)('reads %s=%s', (name, value, key, expected) => {
    expect(loadConfig({ [name]: value })[key]).toEqual(expected)
  })

  it.each([
    ['LATCHKEY_ISSUER', 'http://auth.example'],
    ['LATCHKEY_ISSUER', 'http://localhost.evil.example'],
    ['LATCHKEY_ISSUER', 'https://auth.example/'],
    ['LATCHKEY_ISSUER', 'https://auth.example/tenant'],
    ['LATCHKEY_ISSUER', 'https://auth.example?x=1'],
    ['LATCHKEY_ISSUER', 'https://auth.example#x'],
    ['LATCHKEY_ISSUER', 'https://user:hunter2@auth.example'],
    ['LATCHKEY_ISSUER', 'https://AUTH.example'],
    ['LATCHKEY_ISSUER', 'auth.example'],
    ['LATCHKEY_PORT', '65536'],
    ['LATCHKEY_PORT', '8787 '],
    ['LATCHKEY_PORT', '0'],
    ['LATCHKEY_DATABASE_URL', 'postgres://user:hunter2@db/latchkey'],
    ['LATCHKEY_DATABASE_URL', 'mysql://db'],
    ['LATCHKEY_DATABASE_URL', 'file:'],
    ['LATCHKEY_DATABASE_URL', 'file://host/l.db'],
    ['LATCHKEY_TOKEN_TTL', `${MIN_TOKEN_TTL_SECONDS - 1}`],
    ['LATCHKEY_TOKEN_TTL', '86401'],
    ['LATCHKEY_TOKEN_TTL', '1e3'],
    ['LATCHKEY_KEY_ROTATION', '59m'],
    ['LATCHKEY_KEY_ROTATION', '366d'],
    ['LATCHKEY_KEY_ROTATION', 'never'],
    ['LATCHKEY_AUDIT_RETENTION', '23h'],
    ['LATCHKEY_AUDIT_RETENTION', '3651d'],
    ['LATCHKEY_AUDIT_RETENTION', '400'],
    ['LATCHKEY_ALGORITHMS', 'ES256'],
    ['LATCHKEY_ALGORITHMS', 'RS256,none'],
    ['LATCHKEY_ALGORITHMS', 'RS256,HS256'],
    ['LATCHKEY_ALGORITHMS', 'RS256,RS256'],
    ['LATCHKEY_WORKERS', '0'],
    ['LATCHKEY_WORKERS', '65'],
    ['LATCHKEY_KEK', 'hunter2'],
    ['LATCHKEY_KEK', `${KEK}=`],
    ['LATCHKEY_LOG_LEVEL', 'verbose'],
    ['LATCHKEY_TRUSTED_PROXIES', 'proxy.example'],
    ['LATCHKEY_METRICS_TOKEN', 'hunter2'],
    ['LATCHKEY_HOST', 'http://0.0.0.0'],
    ['LATCHKEY_HOST', '[::1]'],
    ['LATCHKEY_HOST', '0.0.0.0:8787'],
    ['LATCHKEY_PORT', 'tcp:8787'],
    ['LATCHKEY_DATABASE_URL', '/var/lib/l.db'],
    ['LATCHKEY_KEK_FILE', 'file:/run/kek'],
    ['LATCHKEY_TOKEN_TLL', '900'],
  ])('refuses %s=%s in one line that names the setting and hides the value', (name, value) => {
    const refusal = refusalOf({ [name]: value })
    expect(refusal).toMatch(new RegExp(`^${name} `))
    expect(refusal).not.toContain('\n')
    if (value.length > 5) expect(refusal).not.toContain(value)
    expect(refusal).not.toContain('hunter2')
  })

  it.each([...SETTINGS])('treats %s without a value as unset', (name) => {
    for (const value of ['', ' ', '\t', '\n', undefined]) {
      expect(loadConfig({ [name]: value })).toEqual(loadConfig({}))
    }
  })

  it('treats all settings without a value as unset, and reads one that has a value', () => {
    const empty = Object.fromEntries([...SETTINGS].map((name) => [name, '']))
    expect(loadConfig(empty)).toEqual(loadConfig({}))
    expect(loadConfig({ ...empty, LATCHKEY_KEK_FILE: '/run/kek' }).kekFile).toBe('/run/kek')
    expect(loadConfig({ ...empty, LATCHKEY_PORT: '9000' }).issuer).toBe('http://localhost:9000')
  })

  it('lists the settings without a value in the order of the documentation', () => {
    const blank = { LATCHKEY_KEK: ' ', LATCHKEY_ISSUER: '', LATCHKEY_PORT: '\n', HOME: '' }
    const given = { LATCHKEY_HOST: '::1', LATCHKEY_KEYS_DIR: undefined, LATCHKEY_NAME: '' }
    expect(emptySettings({ ...blank, ...given }, SETTINGS)).toEqual([
      'LATCHKEY_ISSUER',
      'LATCHKEY_PORT',
      'LATCHKEY_KEK',
    ])
    expect(emptySettings({ LATCHKEY_PORT: 'tcp://10.96.0.7:8787' }, SETTINGS)).toEqual([])
    expect(emptySettings({}, SETTINGS)).toEqual([])
  })

  const UNTYPED = [1, true, {}, [], () => {}] as const
  const WRONG = ['?', '%', '\u0000', '""', "''", '~', '$HOME', 'https://', '#', 'file:?x']
  it.each([...SETTINGS])('refuses a wrong %s in the wording of Latchkey', (name) => {
    for (const value of WRONG) {
      expect(refusalOf({ [name]: value })).toMatch(OWN_WORDS(name))
    }
    for (const value of UNTYPED) {
      expect(refusalOf({ [name]: value })).toBe(`${name} must be text`)
    }
  })

  it.each([
    ['LATCHKEY_SERVICE_HOST', '10.96.0.7'],
    ['LATCHKEY_SERVICE_PORT', '8787'],
    ['LATCHKEY_SERVICE_PORT_HTTP', '8787'],
    ['LATCHKEY_SERVICE_PORT_HTTP_METRICS', '9090'],
    ['LATCHKEY_PORT', 'tcp://10.96.0.7:8787'],
    ['LATCHKEY_PORT', 'tcp://[fd00::7]:8787'],
    ['LATCHKEY_PORT', 'udp://10.96.0.7:53'],
    ['LATCHKEY_PORT_8787_TCP', 'tcp://10.96.0.7:8787'],
    ['LATCHKEY_PORT_8787_TCP_PROTO', 'tcp'],
    ['LATCHKEY_PORT_8787_TCP_PORT', '8787'],
    ['LATCHKEY_PORT_8787_TCP_ADDR', '10.96.0.7'],
    ['LATCHKEY_PORT_9000_UDP_ADDR', '10.96.0.7'],
    ['LATCHKEY_PORT_9000_SCTP', 'sctp://10.96.0.7:9000'],
    ['LATCHKEY_PORT_8787_TCP_START', 'tcp://10.96.0.7:8787'],
    ['LATCHKEY_PUBLIC_SERVICE_HOST', '10.96.0.8'],
    ['LATCHKEY_PUBLIC_PORT', 'tcp://10.96.0.8:8787'],
    ['LATCHKEY_PUBLIC_PORT_8787_TCP_ADDR', '10.96.0.8'],
    ['LATCHKEYS_PORT', 'tcp://10.96.0.9:8787'],
    ['LATCHKEY_NAME', '/web/latchkey'],
    ['LATCHKEY_ENV_NODE_VERSION', '20.20.2'],
    ['LATCHKEY_1_ENV_NODE_VERSION', '20.20.2'],
    ['LATCHKEY_12_ENV_PATH', '/usr/bin'],
    ['MY_LATCHKEY_PORT', '3000'],
    ['LATCH_PORT', '3000'],
    ['LATCHKEY', '/opt/latchkey'],
    ['LOG_LEVEL', 'verbose'],
    ['PORT', '3000'],
  ])('ignores %s=%s, which another program set', (name, value) => {
    expect(loadConfig({ [name]: value })).toEqual(loadConfig({}))
  })

  it.each([
    ['LATCHKEY_ISUER', 'LATCHKEY_ISSUER'],
    ['LATCHKEY_ISSUER_', 'LATCHKEY_ISSUER'],
    ['LATCKHEY_ISSUER', 'LATCHKEY_ISSUER'],
    ['LATCHKY_ISSUER', 'LATCHKEY_ISSUER'],
    ['LATCHKEYISSUER', 'LATCHKEY_ISSUER'],
    ['latchkey_issuer', 'LATCHKEY_ISSUER'],
    ['LATCHKEY-ISSUER', 'LATCHKEY_ISSUER'],
    ['LATCHKEY_PROT', 'LATCHKEY_PORT'],
    ['LATCHKEY_POTR', 'LATCHKEY_PORT'],
    ['LATCHKEY_DATABASE', 'LATCHKEY_DATABASE_URL'],
    ['LATCHKEY_DATABASE_PATH', 'LATCHKEY_DATABASE_URL'],
    ['LATCHKEY_TTL', 'LATCHKEY_TOKEN_TTL'],
    ['LATCHKEY_KEYS_DIRECTORY', 'LATCHKEY_KEYS_DIR'],
    ['LATCHKEY_LOGLEVEL', 'LATCHKEY_LOG_LEVEL'],
    ['LATCHKEY_TRUSTED_PROXY', 'LATCHKEY_TRUSTED_PROXIES'],
    ['LATCHKEY_WORKER', 'LATCHKEY_WORKERS'],
    ['LATCHKEY_METRIC_TOKENS', 'LATCHKEY_METRICS_TOKEN'],
  ])('refuses %s and suggests %s', (name, meant) => {
    expect(refusalOf({ [name]: 'x' })).toBe(
      `${name} is not a setting of Latchkey; did you mean ${meant}?`,
    )
  })

  it('refuses a name that resembles no setting, without a suggestion', () => {
    expect(refusalOf({ LATCHKEY_COLOUR: 'red' })).toBe(
      'LATCHKEY_COLOUR is not a setting of Latchkey',
    )
  })

  const PATHS: Record<string, (path: string) => string> = {
    LATCHKEY_DATABASE_URL: (path) => `file:${path}`,
    LATCHKEY_KEYS_DIR: (path) => path,
    LATCHKEY_KEK_FILE: (path) => path,
  }
  const MISTAKEN = [
    'q.db?mode=ro',
    'q.db?',
    '/var/q?cache=shared',
    'my%20data/q.db',
    '%2Fq.db',
    'q%zz.db',
    '~',
    '~/q.db',
    '~nobody/q.db',
    './~/q.db',
    '/home/~/q.db',
    '$HOME/q.db',
    '${HOME}/q.db',
    '"q.db"',
    "'q.db'",
    'file:q.db',
    'file:///q.db',
    'https://host/q.db',
    'sqlite:q.db',
    'a`id`.db',
    'q*.db',
    '{a,b}.db',
    'a}.db',
    'a;b.db',
    'a&b.db',
    'a|b',
    'a<b',
    'a>b',
    'a\\b',
    'C:\\data\\q.db',
    'C:/q.db',
    'c:q.db',
    '\\\\host\\q.db',
    'k"s"/x',
    "it's/q.db",
    '“q.db”',
    '‘q.db’',
    'q’s.db',
    '«q»',
    '„q“',
    '‹q›',
    '″q″',
    'q\u200b.db',
    '\u202eq.db',
    'q\u00ad.db',
    'q\u2028.db',
    'q\u0085.db',
    'q\ufeff',
    'q\ud800',
    'q.db#part',
    ' q.db',
    'q.db ',
    'q\nb',
    'q\0.db',
    'env:HOME',
  ]
  it.each(Object.entries(PATHS))('refuses a %s that would name another file', (name, urlOf) => {
    for (const path of MISTAKEN) {
      const refusal = refusalOf({ [name]: urlOf(path) })
      expect(refusal, path).toMatch(OWN_WORDS(name))
      if (path.length > 2) expect(refusal).not.toContain(path)
    }
  })

  it.each(Object.entries(PATHS))('reads plain paths in %s unchanged', (name, urlOf) => {
    for (const path of ['q', './q.db', '../a b/q.db', '/ä/q~1.db', 'q.db~', '/srv/@2/q+x=1,2.db']) {
      const config = loadConfig({ [name]: urlOf(path) })
      expect([config.databasePath, config.keysDirectory, config.kekFile]).toContain(path)
    }
  })

  it.each([
    ['file:q.db ', 'must be a plain path; it has a blank at its start or end'],
    ['file: q.db', 'must be a plain path; it has a blank at its start or end'],
    ['file:q.db\n', 'must be a plain path; it has a control character'],
    ['file:q\u200b.db', 'must have no control or invisible character (U+200B)'],
    ['file:\u202eq.db', 'must have no control or invisible character (U+202E)'],
    ['file:k"s"/q.db', 'must be a plain path; it has quotation marks, which only a shell removes'],
    ['FILE:q.db', 'must be file:PATH, with file: in small letters and without a host'],
    ['q.db', 'must be file:PATH, with file: in small letters and without a host'],
    ['file://host/q.db', 'must be file:PATH, with file: in small letters and without a host'],
    [':memory:', 'must be file:PATH; a database in memory would be lost with the process'],
    ['file::memory:', 'must be file:PATH; a database in memory would be lost with the process'],
  ])('refuses LATCHKEY_DATABASE_URL=%j with its own reason', (url, reason) => {
    expect(refusalOf({ LATCHKEY_DATABASE_URL: url })).toBe(`LATCHKEY_DATABASE_URL ${reason}`)
  })

  it.each(['999.9.9.9', '256.0.0.1', '127.0.0', '1.2.3.4.5', '127', '127..0.1', '0.0.0.1000'])(
    'refuses LATCHKEY_HOST=%s, which resembles an address',
    (host) => {
      expect(refusalOf({ LATCHKEY_HOST: host })).toBe(
        'LATCHKEY_HOST must be an address of four numbers from 0 to 255, or a host name',
      )
    },
  )

  it('refuses two key-encryption keys', () => {
    expect(refusalOf({ LATCHKEY_KEK: KEK, LATCHKEY_KEK_FILE: '/run/kek' })).toBe(
      'LATCHKEY_KEK and LATCHKEY_KEK_FILE must not both be set',
    )
  })
})

/** The name and a sentence of this project, without the wording of a validator. */
const OWN_WORDS = (name: string): RegExp =>
  new RegExp(`^${name} (must|names)(?!.*([Ii]nvalid|expected|received|Too (small|big)|pattern)).*$`)

const refusalOf = (environment: Record<string, unknown>): string => {
  try {
    loadConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(StartRefused)
    return (error as StartRefused).message
  }
  throw new Error('it was not refused')
}
