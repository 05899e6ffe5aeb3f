// Damage to an audit table by a person who can write the database (see `filledTable`), and the
// findings for it.

/** A finding in the order of `findings`. */
type Found = [finding: string, seq: number, lastSeq: number]
type Damage = [what: string, sql: string, ...findings: Found[]]

export const set = (seq: number, assignment: string): string =>
  `update audit_events set ${assignment} where seq = ${seq};`
export const swap = (a: number, b: number): string =>
  set(a, 'seq = 99999') + set(b, `seq = ${a}`) + set(99_999, `seq = ${b}`)
export const drop = (where: string): string => `delete from audit_events where ${where};`
export const setSeal = (lastSeq: number, assignment: string): string =>
  `update audit_seals set ${assignment} where last_seq = ${lastSeq};`
export const dropSeal = (where: string): string => `delete from audit_seals where ${where};`
const add = (seq: number | bigint): string =>
  `insert into audit_events (seq, created_at, actor, action, target, outcome, reason, request_id, address)
  select ${seq}, created_at, actor, action, 'forged', outcome, reason, request_id, address
  from audit_events where seq = 8;`

const changed: Found = ['changed', 6, 6]
export const ROWS: Damage[] = [
  ['the time of a row', set(6, 'created_at = created_at + 1'), changed],
  ['the actor of a row', set(6, `actor = 'cli:you'`), changed],
  ['the action of a row', set(6, `action = 'client.enable'`), changed],
  ['the target of a row', set(6, `target = 'five'`), changed],
  ['the target of a row, removed', set(6, 'target = null'), changed],
  ['the outcome of a row', set(6, `outcome = 'success'`), changed],
  ['the reason of a row', set(6, `reason = ''`), changed],
  ['the request id of a row', set(6, 'request_id = null'), changed],
  ['the address of a row', set(6, `address = '192.0.2.2'`), changed],
  ['the count of a row', set(6, 'count = 2'), changed],
  ['a time that is a text', set(6, `created_at = 'never'`), changed],
  ['a removed row', drop('seq = 6'), ['missing', 6, 6]],
  ['several removed rows', drop('seq in (6, 7, 8, 9, 11)'), ['missing', 6, 9], ['missing', 11, 11]],
  ['the first row, removed', drop('seq = 1'), ['missing', 1, 1]],
  ['the last sealed row, removed', drop('seq = 11'), ['missing', 11, 11]],
  ['an unsealed row, removed', drop('seq = 12'), ['missing', 12, 12]],
  ['two rows, exchanged', swap(5, 6), ['moved', 5, 5], ['moved', 6, 6]],
  ['two rows of different seals, exchanged', swap(2, 10), ['moved', 2, 2], ['moved', 10, 10]],
  [
    'a row moved to the place of another',
    drop('seq = 6') + set(7, 'seq = 6'),
    ['moved', 6, 6],
    ['missing', 7, 7],
  ],
  ['a row moved to the end', set(6, 'seq = 14'), ['missing', 6, 6]],
  ['a row moved far away', set(6, 'seq = 99'), ['missing', 6, 6], ['missing', 14, 98]],
  ['a forged row in the place of another', drop('seq = 6') + add(6), changed],
  [
    'a row beyond every safe integer',
    set(6, 'seq = 9007199254740993'),
    ['missing', 6, 6],
    ['added', 2 ** 53, 2 ** 53],
  ],
  [
    'rows before the first',
    add(0) + add(-7) + add(-9007199254740995n),
    ['added', -(2 ** 53) - 4, -(2 ** 53) - 4],
    ['added', -7, -7],
    ['added', 0, 0],
  ],
]

const sealChanged: Found = ['seal_changed', 5, 8]
export const SEALS: Damage[] = [
  ['the digests of a seal', setSeal(8, `digests = replace(digests, '6,', '6, ')`), sealChanged],
  ['the digests of a seal, removed', setSeal(8, 'digests = null'), sealChanged],
  [
    'the digests of a seal, as bytes',
    setSeal(8, 'digests = cast(digests || 1 as blob)'),
    sealChanged,
  ],
  ['the MAC of a seal', setSeal(8, `mac = 'A' || substr(mac, 2)`), sealChanged],
  ['the time of a seal', setSeal(8, 'created_at = created_at + 1'), sealChanged],
  ['a later beginning of a seal', setSeal(8, 'first_seq = 6'), sealChanged],
  ['an earlier beginning of a seal', setSeal(8, 'first_seq = 3'), sealChanged],
  ['the time of the newest seal', setSeal(11, `created_at = 'never'`), ['seal_changed', 9, 11]],
  [
    'the MACs of two seals',
    setSeal(4, `mac = 'x'`) + setSeal(8, `mac = 'y'`),
    ['seal_changed', 1, 4],
    sealChanged,
  ],
  ['a removed seal', dropSeal('last_seq = 8'), ['seal_missing', 5, 8]],
  ['the first seal, removed', dropSeal('last_seq = 4'), ['seal_missing', 1, 4]],
  [
    'a row removed with its digest',
    drop('seq = 6') + setSeal(8, `digests = json_remove(digests, '$[1]')`),
    ['seal_changed', 5, 8],
    ['missing', 6, 6],
  ],
  [
    'a seal removed with its rows, and the next one extended',
    drop('seq between 5 and 8') + dropSeal('last_seq = 8') + setSeal(11, 'first_seq = 5'),
    ['seal_changed', 5, 11],
    ['missing', 5, 8],
  ],
  [
    'the oldest rows, removed with their seals',
    drop('seq <= 8') + dropSeal('last_seq <= 8'),
    ['seal_missing', 1, 8],
    ['missing', 1, 8],
  ],
]
