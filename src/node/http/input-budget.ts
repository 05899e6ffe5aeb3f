// Memory for input that waits: requests behind one that is being answered, and bodies of requests under way. The budget
// stops clients that send much and then wait, on each of their connections.
import { MAX_INPUT_BYTES_HELD } from '../../constants.ts'
import { createMaxHeap } from './max-heap.ts'

/** Account of one connection. */
export type InputAccount = {
  /** @param bytes all bytes that the connection holds now */
  hold(bytes: number): void
}

export type InputBudget = {
  /**
   * Opens an account of a party.
   * @param evict ends the connection. It is called when the budget is exceeded, the party holds the most, and the
   * connection has held input for the longest time of its party
   */
  open(party: string, evict: () => void): InputAccount
}

type Held = { bytes: number; evict: () => void }

/** `connections` are in the order in which they began to hold input. */
type Party = { name: string; weight: number; place: number; connections: Set<Held> }

export const createInputBudget = (maxBytes = MAX_INPUT_BYTES_HELD): InputBudget => {
  const parties = new Map<string, Party>()
  const heaviest = createMaxHeap<Party>()
  let total = 0

  const openParty = (name: string): Party => {
    const party = { name, weight: 0, place: -1, connections: new Set<Held>() }
    parties.set(name, party)
    heaviest.add(party)
    return party
  }

  const change = (name: string, held: Held, bytes: number): void => {
    const party = parties.get(name) ?? openParty(name)
    party.weight += bytes - held.bytes
    total += bytes - held.bytes
    held.bytes = bytes
    if (bytes > 0) party.connections.add(held)
    else party.connections.delete(held)
    if (party.connections.size > 0) return heaviest.update(party)
    heaviest.remove(party)
    parties.delete(name)
  }

  const evictOne = (): void => {
    const party = heaviest.first()
    if (party === undefined) return
    const [oldest] = party.connections
    if (oldest === undefined) return
    change(party.name, oldest, 0)
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
