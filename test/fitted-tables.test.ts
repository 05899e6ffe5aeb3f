// Columns that a terminal shows of each list: those that answer who, what and when come before the others.
import { expect, it } from 'vitest'
import { COLUMNS, type Columns, type ListedNoun } from '../src/cli/columns.ts'
import { withSubject } from '../src/cli/rules.ts'
import { layOut, tableText } from '../src/cli/table.ts'
import { styleOf } from '../src/cli/terminal.ts'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const DAY_AGO = '2026-01-30T12:00:00Z'
const CLIENT = 'lkc_7hQm0c8wJ9f2S4tXb1YzKg'
const LONGEST_ID = 'w'.repeat(64)

const fitted = (noun: ListedNoun, rows: Record<string, unknown>[], columns: number) => {
  const { first }: Columns = COLUMNS[noun]
  const style = styleOf({ isTTY: true, columns }, { NO_COLOR: '1' }, NOW)
  const layout = layOut(rows, first, style)
  const { leftOut } = layout
  const text = tableText(layout, style)
  return { text, leftOut, head: (text.split('\n')[0] ?? '').split(/ +/) }
}

it('audit list has the number and the actor of an event at 80 columns', () => {
  const event = {
    seq: 1241,
    time: DAY_AGO,
    action: 'client.disable',
    outcome: 'success',
    target: CLIENT,
    actor: 'cli:alice',
    reason: null,
  }
  const { head } = fitted('audit', [event], 80)
  expect(head).toEqual(['SEQ', 'TIME', 'ACTION', 'OUTCOME', 'TARGET', 'ACTOR'])
})

it('admin list has whole permissions at 80 columns', () => {
  const row = {
    client_id: CLIENT,
    name: 'Administrator',
    status: 'active',
    permissions: ['read', 'write'],
    last_used_at: DAY_AGO,
    workspace_id: null,
  }
  const { text } = fitted('admin', [row], 80)
  expect(text).toContain(' active  read, write  1 d ago')
})

const RULE = {
  seq: 7,
  kind: 'plugin' as const,
  value: LONGEST_ID,
  name: LONGEST_ID,
  gen: 2,
  client_id: null,
  run: null,
  workspace_id: null,
  created_at: DAY_AGO,
  created_by: 'cli:alice',
  expires_at: DAY_AGO,
  action: null,
  request_id: null,
}

it.each([
  ['tmp', 'tmp', 'tmp'],
  ['Slack', 'tmp', 'Slack (tmp)'],
  [null, 'tmp', 'tmp'],
])('subject of a rule with the name %s and the id %s is %s', (name, value, subject) => {
  expect(withSubject({ ...RULE, name, value }).subject).toBe(subject)
})

it('an id of 64 characters stays whole, and the columns that it displaces are counted', () => {
  const rules = fitted('revocation', [withSubject(RULE)], 80)
  expect(rules.head).toEqual(['SEQ', 'KIND', 'SUBJECT'])
  expect(rules.text).toContain(` ${LONGEST_ID}`)
  expect(rules.leftOut).toBe(3)
  const client = { client_id: CLIENT, name: 'a', status: 'active', workspace_id: LONGEST_ID }
  const clients = fitted('client', [client], 80)
  expect(clients.head).toEqual(['CLIENT_ID', 'NAME', 'STATUS', 'LAST_USED_AT'])
  expect(clients.leftOut).toBe(3)
  expect(fitted('client', [client], 240).leftOut).toBe(0)
})
