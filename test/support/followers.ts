// Starts followers as processes, and reads the codes that they print for each token.
import { fileURLToPath } from 'node:url'
import { type Child, newDirectory, start, until } from './processes.ts'

const SCRIPT = fileURLToPath(new URL('follower.mjs', import.meta.url))

type Options = Record<string, unknown> & { issuer: string }
type Said = {
  id?: string
  code?: string
  at?: number
  ready?: number
  codes?: Record<string, string>
  status?: { revocations: { age: number | null; epoch: string | null } }
  memory?: number
}

export type Follower = Awaited<ReturnType<typeof startFollower>>

/** Starts a process of followers and waits until they have their first list. */
export const startFollower = async (options: Options) => {
  const environment = { FOLLOWER: JSON.stringify({ audience: 'api', ...options }) }
  const child: Child = start({ directory: newDirectory(), environment }, [], SCRIPT)
  const lines = (): Said[] =>
    child.said.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Said)
  const tell = (command: object): void =>
    void child.child.stdin.write(`${JSON.stringify(command)}\n`)
  const ask = async <T>(command: object, pick: (said: Said) => T | undefined): Promise<T> => {
    const before = lines().length
    tell(command)
    return await until('an answer of a follower', () =>
      lines()
        .slice(before)
        .map(pick)
        .find((value) => value !== undefined),
    )
  }
  const readyMs = await until('a follower', () => lines().find(({ ready }) => ready)?.ready)
  return {
    options,
    readyMs,
    watch: (tokens: Record<string, string>): void => tell({ watch: tokens }),
    jump: (seconds: number): void => tell({ jump: seconds }),
    check: (tokens: Record<string, string>) => ask({ check: tokens }, ({ codes }) => codes),
    status: () => ask({ status: 1 }, ({ status }) => status),
    /** Resident memory of the process, in bytes. */
    memory: () => ask({ status: 1 }, ({ memory }) => memory),
    /** All codes of a token, in order, each with its time. */
    seen: (id: string): { code: string; at: number }[] =>
      lines().flatMap((said) =>
        said.id === id && said.code !== undefined && said.at !== undefined
          ? [{ code: said.code, at: said.at }]
          : [],
      ),
    async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
      child.child.kill(signal)
      await child.ended
    },
  }
}
