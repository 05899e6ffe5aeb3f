// Memory for input that waits: requests behind one that is being answered, and the bodies of requests that are. Clients
// that send much and then wait would otherwise hold it on each of their connections.
import { MAX_INPUT_BYTES_HELD } from '../../constants.ts'

/** The account of one connection. */
export type InputAccount = {
  /** @param bytes all that the connection holds now */
  hold(bytes: number): void
}

export type InputBudget = {
  /** @param evict ends the connection: called where its party holds most of an exceeded budget, and it has held longest */
  open(party: string, evict: () => void): InputAccount
}

type Held = { bytes: number; evict: () => void }

/** In the order in which they began to hold something. */
type Party = { bytes: number; connections: Set<Held> }

export const createInputBudget = (maxBytes = MAX_INPUT_BYTES_HELD): InputBudget => {
  const parties = new Map<string, Party>()
  let total = 0

  const change = (name: string, held: Held, bytes: number): void => {
    const party = parties.get(name) ?? { bytes: 0, connections: new Set() }
    parties.set(name, party)
    party.bytes += bytes - held.bytes
    total += bytes - held.bytes
    held.bytes = bytes
    if (bytes > 0) party.connections.add(held)
    else party.connections.delete(held)
    if (party.connections.size === 0) parties.delete(name)
  }

  const evictOne = (): void => {
    const [name, { connections }] = [...parties].reduce((most, next) =>
      next[1].bytes > most[1].bytes ? next : most,
    )
    const [oldest] = connections
    if (oldest === undefined) return
    change(name, oldest, 0)
    oldest.evict()
  }

  return {
    open(name, evict) {
      const held: Held = { bytes: 0, evict }
      return {
        hold(bytes) {
          if (bytes !== held.bytes) change(name, held, bytes)
          while (total > maxBytes) evictOne()
        },
      }
    },
  }
}
