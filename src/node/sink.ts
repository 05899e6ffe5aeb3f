// A file descriptor that lines are written to without anybody waiting: in order, behind a bounded buffer.
import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { LOG_RETRY_MS, MAX_LOG_BUFFER_BYTES, PIPE_WRITE_BYTES } from '../constants.ts'

export type Sink = {
  write(line: string): void
  /** Waits until all is written, for so many milliseconds at the most. */
  flush(ms: number): Promise<void>
}

export type SinkEvents = {
  /** Written before the next line where lines were dropped. */
  lost(lines: number): string
  /** Called at the first write that fails. @param code the system's, such as `ENOSPC` */
  onFailure(code: string): void
}

export const createSink = (descriptor: number, { lost, onFailure }: SinkEvents): Sink => {
  const target = nonBlocking(descriptor)
  let lines: Buffer[] = []
  let bytes = 0
  let dropped = 0
  let failed = false
  let writing: Promise<void> | null = null

  const take = (): Buffer => {
    const chunk: Buffer[] = []
    let size = 0
    for (const line of lines) {
      if (chunk.length > 0 && size + line.length > PIPE_WRITE_BYTES) break
      chunk.push(line)
      size += line.length
    }
    lines = lines.slice(chunk.length)
    return Buffer.concat(chunk)
  }
  const push = (line: string): void => {
    const encoded = Buffer.from(line)
    if (bytes + encoded.length > MAX_LOG_BUFFER_BYTES) dropped++
    else {
      lines.push(encoded)
      bytes += encoded.length
    }
  }
  /** A failure costs the lines of this write; the next ones are tried. */
  const drain = async (): Promise<void> => {
    while (lines.length > 0) {
      const chunk = take()
      const code = await writeWhole(target, chunk)
      bytes -= chunk.length
      if (code !== null && !failed) onFailure(code)
      failed ||= code !== null
      if (dropped > 0 && bytes < MAX_LOG_BUFFER_BYTES / 2) {
        const count = dropped
        dropped = 0
        push(lost(count))
      }
    }
    writing = null
  }
  process.on('exit', () => writeRest(target, Buffer.concat(lines)))
  return {
    write(line) {
      push(line)
      // Lines of one turn of the event loop are written together.
      writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(drain)
    },
    async flush(ms) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
      await Promise.race([writing ?? undefined, limit])
      clearTimeout(timer)
    },
  }
}

/** @returns null, or the code of the failure */
const writeWhole = async (descriptor: number, bytes: Buffer): Promise<string | null> => {
  let rest = bytes
  while (rest.length > 0) {
    const { written, code } = await writeSome(descriptor, rest)
    if (code === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, LOG_RETRY_MS).unref())
    else if (code !== null) return code
    rest = rest.subarray(written)
  }
  return null
}

const writeSome = (
  descriptor: number,
  bytes: Buffer,
): Promise<{ written: number; code: string | null }> =>
  new Promise((resolve) => {
    write(descriptor, bytes, (error, written) =>
      resolve({ written: error ? 0 : written, code: error ? (error.code ?? 'EIO') : null }),
    )
  })

/** At the end of the process: what can be written at once. */
const writeRest = (descriptor: number, rest: Buffer): void => {
  try {
    if (rest.length > 0) writeSync(descriptor, rest)
  } catch {
    // A reader that takes nothing now will not be waited for.
  }
}

/** Sockets that made a descriptor non-blocking: one that is collected would close it. */
const keptOpen: Socket[] = []

/**
 * A descriptor of the same pipe or terminal on which a write never waits for the reader. One that is opened anew
 * leaves other writers as they are; where that is not possible (a socket), the descriptor itself is switched.
 */
const nonBlocking = (descriptor: number): number => {
  const stat = fstatSync(descriptor)
  if (stat.isFile()) return descriptor // its position would be lost
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    if (!stat.isCharacterDevice()) keptOpen.push(new Socket({ fd: descriptor, readable: false }))
    return descriptor
  }
}
