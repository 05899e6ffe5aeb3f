// Style of standard output: its width, the times, the colours. Pure: no I/O.

/** Painting of texts; without colours each text stays as it is. */
type Colours = {
  head: (text: string) => string
  /** Paints the value of a member. */
  value: (member: string, text: string) => string
  /** Paints a line that is less important than the output. */
  note: (text: string) => string
}

export type Style = {
  /** Columns of a line; infinite where standard output is no terminal. */
  width: number
  /** Milliseconds since 1970 for relative times; null: times are shown in full. */
  now: number | null
  colours: Colours
}

const BOLD = 1
const DIM = 2
const RED = 31
const GREEN = 32
const YELLOW = 33

/** Select Graphic Rendition (ECMA-48 §8.3.117), and its reset. */
const painted = (code: number, text: string): string => `\u001b[${code}m${text}\u001b[0m`

const PLAIN: Colours = { head: (text) => text, value: (_, text) => text, note: (text) => text }

/** The members that tell a state, and the colours of their values. */
const STATES: ReadonlySet<string> = new Set(['status', 'state', 'outcome', 'active', 'intact'])
const COLOURS: Readonly<Record<string, number>> = {
  active: GREEN,
  open: GREEN,
  success: GREEN,
  ok: GREEN,
  true: GREEN,
  next: YELLOW,
  retiring: YELLOW,
  intent: YELLOW,
  warning: YELLOW,
  disabled: RED,
  suspended: RED,
  revoked: RED,
  refused: RED,
  failed: RED,
  false: RED,
  deleted: RED,
  used: DIM,
  expired: DIM,
  skipped: DIM,
}

const COLOURED: Colours = {
  head: (text) => painted(BOLD, text),
  note: (text) => painted(DIM, text),
  value: (member, text) => {
    const code = STATES.has(member) ? COLOURS[text] : undefined
    if (code !== undefined) return painted(code, text)
    return text === '-' ? painted(DIM, text) : text
  },
}

/** Text that another program or a file gets: whole cells, exact times, no colours. */
export const PLAIN_STYLE: Style = { width: Infinity, now: null, colours: PLAIN }

/** A width that a terminal without a size (0 columns) is given: that of a common window. */
const DEFAULT_WIDTH = 100

type Output = { isTTY?: boolean; columns?: number }

/**
 * The style of standard output. Only a terminal gets colours, relative times and lines of its width: a file keeps its
 * meaning when it is read later, and `grep` finds whole values.
 * @param environment `NO_COLOR` (no-color.org) with any value except the empty one, or `TERM=dumb`: no colours
 */
export const styleOf = (
  { isTTY, columns }: Output,
  environment: Readonly<Record<string, string | undefined>>,
  now: number,
): Style => {
  if (isTTY !== true) return PLAIN_STYLE
  const hasColours = !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  return { width: columns || DEFAULT_WIDTH, now, colours: hasColours ? COLOURED : PLAIN }
}
