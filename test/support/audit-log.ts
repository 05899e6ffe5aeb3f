// The log that the command line writes beside the database.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditEvent } from '../../src/audit.ts'
import type { Place } from './processes.ts'

const path = ({ directory }: Place): string => join(directory, 'data', 'cli.log')

export const readCliLog = (place: Place): string =>
  existsSync(path(place)) ? readFileSync(path(place), 'utf8') : ''

export const auditEvents = (place: Place): AuditEvent[] =>
  readCliLog(place)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { audit?: AuditEvent })
    .flatMap(({ audit }) => audit ?? [])
