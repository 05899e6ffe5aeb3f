// The lock of a build: one process has it, and a file without a running process holds nothing up.
import { linkSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { atEndOfFile } from './support/cleanups.ts'

type Lock = {
  acquire(path: string, onWait: (pid: number) => void, pause?: () => void): () => void
  nameOf(pid: number): string | undefined
}
const script = new URL('../scripts/build-lock.mjs', import.meta.url).href
const { acquire, nameOf } = (await import(script)) as Lock

const folder = mkdtempSync(join(tmpdir(), 'latchkey-lock-'))
atEndOfFile(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'build.lock')
beforeEach(() => rmSync(path, { force: true }))

const unexpected = (): never => {
  throw new Error('it waits')
}
const names = (): string[] => readdirSync(folder)

it('a free lock names its process, and leaves no file behind', () => {
  const release = acquire(path, unexpected, unexpected)
  expect(readFileSync(path, 'utf8')).toBe(nameOf(process.pid))
  expect(names()).toEqual(['build.lock'])
  release()
  expect(names()).toEqual([])
})

it('a lock of a running process is waited for, and its process is told once', () => {
  writeFileSync(path, String(nameOf(process.ppid)))
  const told: number[] = []
  let pauses = 0
  const pause = (): void => {
    pauses += 1
    if (pauses === 3) rmSync(path)
  }
  acquire(path, (pid) => told.push(pid), pause)()
  expect([told, pauses]).toEqual([[process.ppid], 3])
})

it.each([
  ['of a process that has ended', '999999999 1 x'],
  ['of an earlier process with the id of a running one', `${process.ppid} 1 x`],
  ['of an earlier process with this id', `${process.pid} 1 x`],
  ['without a process', 'x'],
  ['that is empty', ''],
])('a lock %s is replaced', (_, text) => {
  writeFileSync(path, text)
  const release = acquire(path, unexpected, unexpected)
  expect(readFileSync(path, 'utf8')).toBe(nameOf(process.pid))
  release()
  expect(names()).toEqual([])
})

it('the lock of another process outlives the release of this one', () => {
  const release = acquire(path, unexpected, unexpected)
  rmSync(path)
  writeFileSync(join(folder, 'other'), 'of another process')
  linkSync(join(folder, 'other'), path)
  release()
  expect(names().toSorted()).toEqual(['build.lock', 'other'])
  rmSync(join(folder, 'other'))
})
