// Result of a section, and the collection of the results. Pure.
import type { Environment } from './support/environment.ts'

export type Table = { title: string; columns: string[]; rows: string[][] }

/** A figure beside its bound: `least` is met at or above it, `most` at or below it. */
export type Target = { text: string; value: number; unit: string; least?: number; most?: number }

/** A bar of the picture. `ours` is Latchkey. */
export type Bar = { label: string; value: number; ours: boolean }

export type SectionResult = {
  tables: Table[]
  targets: Target[]
  notes: string[]
  /** Versions of what ran beside Latchkey. */
  versions?: Record<string, string>
  bars?: Bar[]
  /** Message of the error that ended the section: it has no figures then. */
  failure?: string
}

export const failed = (failure: string): SectionResult => ({
  tables: [],
  targets: [],
  notes: [],
  failure,
})

export type Options = { quick: boolean }

export type Run = (options: Options) => Promise<SectionResult>

/** `results.json`: the last result of each section, with the machine that it was measured on. */
export type Results = Record<
  string,
  SectionResult & { environment: Environment; generator: string }
>

/** False without a figure: JSON has null for NaN. */
export const isMet = ({ value, least = -Infinity, most = Infinity }: Target): boolean =>
  Number.isFinite(value) && value >= least && value <= most
