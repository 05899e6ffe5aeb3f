// Progress of long work, on a terminal: how much is done, the rate, the time that is left.
import { PROGRESS_DELAY_MS, PROGRESS_INTERVAL_MS } from '../constants.ts'

type Output = { isTTY?: boolean; write: (text: string) => unknown }

export type Progress = {
  /** Shows the number of parts that are done. Undefined where standard error is no terminal. */
  onProgress: ((done: number, total: number) => void) | undefined
  /** Erases the line. */
  clear(): void
}

/** Erase in Line (ECMA-48 §8.3.41), behind a return to its beginning. */
const ERASE = '\r\u001b[K'

/**
 * Shows nothing in the first PROGRESS_DELAY_MS: most work is done by then.
 * @param now milliseconds of a monotonic clock
 */
export const createProgress = (
  output: Output,
  now: () => number = () => performance.now(),
): Progress => {
  const startedAt = now()
  let shownAt = startedAt + PROGRESS_DELAY_MS - PROGRESS_INTERVAL_MS
  let isShown = false
  const onProgress = (done: number, total: number): void => {
    const at = now()
    if (at - shownAt < PROGRESS_INTERVAL_MS) return
    shownAt = at
    isShown = true
    output.write(ERASE + progressText({ done, total, seconds: (at - startedAt) / 1000 }))
  }
  return {
    onProgress: output.isTTY === true ? onProgress : undefined,
    clear() {
      if (isShown) output.write(ERASE)
      isShown = false
    },
  }
}

type State = { done: number; total: number; seconds: number }

/** `45 %, 12,345 of 27,000, 1,200/s, 12 s left` */
export const progressText = ({ done, total, seconds }: State): string => {
  const rate = seconds > 0 ? done / seconds : 0
  const share = total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 100
  const left = rate > 0 ? `, ${durationText((total - done) / rate)} left` : ''
  return `${share} %, ${numberText(done)} of ${numberText(total)}, ${numberText(Math.round(rate))}/s${left}`
}

const numberText = (value: number): string => value.toLocaleString('en')

const durationText = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
