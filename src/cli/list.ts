// `list` of each noun: its filters, the selection of rows, and the columns of its table.
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Action, InputOf } from '../admin/api/actions.ts'
import type { Listed } from '../admin/pages.ts'
import { DEFAULT_PAGE, MAX_PAGE } from '../constants.ts'
import { COLUMNS, type Columns, type ListedNoun, membersOf } from './columns.ts'
import { collect, command } from './flags.ts'
import { print, printTable } from './output.ts'
import { type Match, type Order, isMatched, parseMatch, parseOrder, sorted } from './selection.ts'
import { withSession } from './session.ts'

/** A flag of a list command, and the member of the query that it sets. */
export type Filter = readonly [flag: string, member: string, description: string]

type Item = Readonly<Record<string, unknown>>

type ListAction = Extract<Action, `${string}.list`>

type Settings = {
  /** Default: `list`. With an argument: `list <CLIENT>`. */
  usage?: string
  /** Name of the argument in the path of the action. */
  parameter?: string
  /** Members of the query that no flag sets. */
  query?: Readonly<Record<string, string>>
  /** Default: `NOUN list --json`. */
  example?: string
  /** True for a list that grows with every event: it shows its newest rows, DEFAULT_PAGE of them by default. */
  isLog?: boolean
  /** Adds members that only the table has. */
  rowOf?: (item: Item) => Item
  /** Shortens values of a row for the table. Filters and the order get the whole values. */
  shownOf?: (row: Item) => Item
}

type Flags = { json?: boolean; wide?: boolean; limit?: number; filter?: string[]; sort?: Order }

type Selection = {
  matches: readonly Match[]
  order: Order | undefined
  /** Rows to read: an order needs all rows of the list; that of a log holds for the rows that it would show without it. */
  enough: number
  /** Rows to print. */
  most: number
}

/** Adds `list`, which prints the rows that match the filters. */
export const listCommand = (
  noun: Command,
  description: string,
  action: ListAction,
  filters: readonly Filter[],
  settings: Settings = {},
): void => {
  const name = noun.name() as ListedNoun
  const { usage = 'list', example = `${name} list --json`, isLog = false, parameter } = settings
  const list = command(noun, usage, description, example)
  for (const [flag, , text] of filters) list.option(flag, text)
  withSelection(list, name, isLog)
  list.action(async () => {
    const flags = list.opts<Flags>()
    const selection = selectionOf(list, name, { ...flags, isLog })
    const query = { ...settings.query, ...queryOf(filters, list.opts()) }
    const path = parameter === undefined ? {} : { [parameter]: list.args[0] ?? '' }
    const input = (page: Page) => ({ ...path, query: { ...query, ...page } })
    const items = new Map<Item, Item>()
    const rowOf = (item: Item): Item => {
      const row = settings.rowOf?.(item) ?? item
      items.set(row, item)
      return row
    }
    const rows = await withSession((perform) =>
      select(async (page) => {
        const listed = await perform(action, input(page) as InputOf<typeof action>)
        return { ...listed, items: (listed.items as readonly Item[]).map(rowOf) }
      }, selection),
    )
    const printed = rows.map((row) => items.get(row) ?? row)
    if (flags.json) return print(printed, flags)
    printRows(
      name,
      rows.map((row) => settings.shownOf?.(row) ?? row),
      flags,
    )
  })
}

/** Adds `list` of rows that this machine has: they come from no server. */
export const localListCommand = (
  noun: Command,
  description: string,
  readAll: () => Item[],
): void => {
  const name = noun.name() as ListedNoun
  const list = command(noun, 'list', description, `${name} list`)
  withSelection(list, name, false)
  list.action(async () => {
    const flags = list.opts<Flags>()
    const selection = selectionOf(list, name, { ...flags, isLog: false })
    const rows = await select(async () => ({ items: readAll(), next_cursor: null }), selection)
    if (flags.json) print(rows, flags)
    else printRows(name, rows, flags)
  })
}

const printRows = (noun: ListedNoun, rows: readonly Item[], flags: Flags): void => {
  const { first }: Columns = COLUMNS[noun]
  printTable(rows, flags.wide ? membersOf(noun) : first, flags)
}

const withSelection = (list: Command, noun: ListedNoun, isLog: boolean): void => {
  const order = (text: string): Order => {
    const parsed = parseOrder(text, membersOf(noun))
    if (parsed === null) throw new InvalidArgumentError(membersHelp(noun))
    return parsed
  }
  list
    .option('--limit <N>', `most rows${isLog ? ` (default: ${DEFAULT_PAGE})` : ''}`, count)
    .option(
      '--filter <MEMBER=VALUE>',
      'only rows with this value, in which * is any text; repeatable',
      collect,
    )
    .option('--sort <MEMBER>', 'order by a member; -MEMBER: descending', order)
    .option('--wide', 'all columns, none cut')
    .addHelpText('after', `\n${membersHelp(noun)}`)
}

const membersHelp = (noun: ListedNoun): string => `Members: ${membersOf(noun).join(', ')}.`

const count = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be at least 1.')
  return Number(text)
}

const selectionOf = (
  list: Command,
  noun: ListedNoun,
  { filter = [], limit, sort, isLog }: Flags & { isLog: boolean },
): Selection => {
  const matches = filter.map((text) => {
    const match = parseMatch(text, membersOf(noun))
    if (match !== null) return match
    return list.error(
      `error: option '--filter <MEMBER=VALUE>' argument '${text}' is invalid. ${membersHelp(noun)}`,
    )
  })
  const most = limit ?? (isLog ? DEFAULT_PAGE : Infinity)
  return { matches, order: sort, most, enough: sort === undefined || isLog ? most : Infinity }
}

const queryOf = (
  filters: readonly Filter[],
  flags: Readonly<Record<string, string>>,
): Record<string, string> => {
  const values = filters.map(([flag, member]) => [member, flags[optionName(flag)]] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >
}

const optionName = (flag: string): string => new Option(flag).attributeName()

type Page = { limit?: string; cursor?: string }

/** Reads, filters, sorts, cuts. Without a limit, one page has all rows. */
const select = async (
  read: (page: Page) => Promise<Listed<unknown>>,
  { matches, order, enough, most }: Selection,
): Promise<Item[]> => {
  const rows: Item[] = []
  for (let cursor: string | undefined; ;) {
    const missing = matches.length > 0 ? MAX_PAGE : enough - rows.length
    const page = await read({
      ...(enough < Infinity && { limit: String(Math.min(missing, MAX_PAGE)) }),
      ...(cursor !== undefined && { cursor }),
    })
    rows.push(...(page.items as Item[]).filter((row) => isMatched(row, matches)))
    if (page.next_cursor === null || rows.length >= enough) break
    cursor = page.next_cursor
  }
  const shown = rows.slice(0, enough)
  return (order === undefined ? shown : sorted(shown, order)).slice(0, most)
}
