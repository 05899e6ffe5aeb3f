import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config.ts'
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
    ['LATCHKEY_TOKEN_TTL', '60', 'tokenTtlSeconds', 60],
    ['LATCHKEY_TOKEN_TTL', '86400', 'tokenTtlSeconds', 86_400],
    ['LATCHKEY_KEY_ROTATION', 'off', 'keyRotationSeconds', null],
    ['LATCHKEY_KEY_ROTATION', '90d', 'keyRotationSeconds', 7_776_000],
    ['LATCHKEY_KEY_ROTATION', '1y', 'keyRotationSeconds', 31_536_000],
    ['LATCHKEY_AUDIT_RETENTION', 'off', 'auditRetentionSeconds', null],
    ['LATCHKEY_AUDIT_RETENTION', '1d', 'auditRetentionSeconds', 86_400],
    ['LATCHKEY_AUDIT_RETENTION', '10y', 'auditRetentionSeconds', 315_360_000],
    ['LATCHKEY_ALGORITHMS', 'RS256,ES256', 'algorithms', ['RS256', 'ES256']],
    ['LATCHKEY_WORKERS', '4', 'workers', 4],
    ['LATCHKEY_KEK', KEK, 'kek', new Uint8Array(32).fill(7)],
    ['LATCHKEY_KEK_FILE', '/run/kek', 'kekFile', '/run/kek'],
    ['LATCHKEY_LOG_LEVEL', 'warn', 'logLevel', 'warn'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8, ::1', 'trustedProxies', ['10.0.0.0/8', '::1']],
  ] as const)('%s=%s', (name, value, key, expected) => {
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
    ['LATCHKEY_ISSUER', ''],
    ['LATCHKEY_PORT', '65536'],
    ['LATCHKEY_PORT', '8787 '],
    ['LATCHKEY_PORT', '0'],
    ['LATCHKEY_DATABASE_URL', 'postgres://user:hunter2@db/latchkey'],
    ['LATCHKEY_DATABASE_URL', 'mysql://db'],
    ['LATCHKEY_DATABASE_URL', 'file:'],
    ['LATCHKEY_DATABASE_URL', 'file://host/l.db'],
    ['LATCHKEY_TOKEN_TTL', '59'],
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
    ['LATCHKEY_TOKEN_TLL', '900'],
  ])('refuses %s=%s in one line that names it and does not repeat it', (name, value) => {
    const refusal = refusalOf({ [name]: value })
    expect(refusal).toMatch(new RegExp(`^${name} `))
    expect(refusal).not.toContain('\n')
    if (value.length > 5) expect(refusal).not.toContain(value)
    expect(refusal).not.toContain('hunter2')
  })

  it('refuses two key-encryption keys', () => {
    expect(refusalOf({ LATCHKEY_KEK: KEK, LATCHKEY_KEK_FILE: '/run/kek' })).toBe(
      'LATCHKEY_KEK and LATCHKEY_KEK_FILE must not both be set',
    )
  })
})

const refusalOf = (environment: Record<string, string>): string => {
  try {
    loadConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(StartRefused)
    return (error as StartRefused).message
  }
  throw new Error('it was not refused')
}
