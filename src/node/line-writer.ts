// Writes lines to a file descriptor in order, through a bounded buffer. No caller waits for a write.
import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import {
  LOG_GATHER_MS,
  LOG_RETRY_MS,
  MAX_LOG_BUFFER_BYTES,
  PIPE_WRITE_BYTES,
} from '../constants.ts'

export type LineWriter = {
  write(line: string): void
  /** Waits until all lines are written, up to this number of milliseconds. */
  flush(ms: number): Promise<void>
}

export type LineWriterEvents = {
  /** Returns the line to write after lines were dropped. @param lines their number */
  dropped(lines: number): string
  /** Called at the first write that fails. @param code of the system, such as `ENOSPC` */
  onFailure(code: string): void
}

export const createLineWriter = (
  descriptor: number,
  { dropped: droppedLine, onFailure }: LineWriterEvents,
): LineWriter => {
  const target = nonBlocking(descriptor)
  let lines: Buffer[] = []
  let bytes = 0
  let dropped = 0
  let failed = false
  let writing: Promise<void> | null = null

  const takeChunk = (): Buffer => {
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
  /** Writes all lines. A failure loses the lines of one write, and the next write is tried. */
  const drain = async (): Promise<void> => {
    while (lines.length > 0) {
      const chunk = takeChunk()
      const code = await writeWhole(target, chunk)
      bytes -= chunk.length
      if (code !== null && !failed) onFailure(code)
      failed ||= code !== null
      if (dropped > 0 && bytes < MAX_LOG_BUFFER_BYTES / 2) {
        const count = dropped
        dropped = 0
        push(droppedLine(count))
      }
    }
    writing = null
  }
  process.on('exit', () => writeRest(target, Buffer.concat(lines)))
  return {
    write(line) {
      push(line)
      writing ??= new Promise<void>((resolve) => setTimeout(resolve, LOG_GATHER_MS)).then(drain)
    },
    async flush(ms) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
      await Promise.race([writing ?? undefined, limit])
      clearTimeout(timer)
    },
  }
}

/** Writes all bytes. Returns null, or the code of the failure. */
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

/** Writes the bytes that the reader accepts at once. Called at the end of the process. */
const writeRest = (descriptor: number, rest: Buffer): void => {
  try {
    if (rest.length > 0) writeSync(descriptor, rest)
  } catch {
    // The process ends without waiting for a reader that stalls.
  }
}

/** Sockets that made a descriptor non-blocking. Garbage collection of a socket would close the descriptor. */
const keptOpen: Socket[] = []

/**
 * Returns a descriptor of the same pipe or terminal on which a write does not wait for the reader. A new descriptor
 * leaves other writers unchanged. If none can be opened (a socket), the descriptor itself becomes non-blocking.
 */
const nonBlocking = (descriptor: number): number => {
  const stat = fstatSync(descriptor)
  if (stat.isFile()) return descriptor // a new descriptor would begin at the start of the file
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    if (!stat.isCharacterDevice()) keptOpen.push(new Socket({ fd: descriptor, readable: false }))
    return descriptor
  }
}
