// Address of the client behind proxies: the last address of the chain that is no trusted proxy.
import { BlockList, isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { AppContext } from '../../deps.ts'
import { StartRefused } from '../../errors.ts'
import { plainAddress } from '../../http/network.ts'

export type IsTrusted = (address: string) => boolean

/** @throws StartRefused if an entry is neither an address nor a CIDR range */
export const createTrust = (trustedProxies: readonly string[]): IsTrusted => {
  if (trustedProxies.length === 0) return () => false // spares each request the objects of a look-up
  const trusted = new BlockList()
  for (const entry of trustedProxies) addRange(trusted, entry)
  return (address) => {
    const version = isIP(address)
    return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

export const createClientAddress =
  (isTrusted: IsTrusted) =>
  (c: AppContext): string | undefined => {
    const { incoming } = (c.env as Partial<HttpBindings> | undefined) ?? {}
    const remote = incoming?.socket?.remoteAddress
    if (remote === undefined) return undefined
    const peer = plainAddress(remote)
    if (!isTrusted(peer)) return peer
    // Each proxy appends the address that it saw, so the list is read from its end.
    const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((part) => part.trim())
    const client = forwarded.reverse().find((address) => !isTrusted(address))
    return client !== undefined && isIP(client) !== 0 ? client : peer
  }

const addRange = (list: BlockList, entry: string): void => {
  const [address = '', prefix] = entry.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  try {
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  } catch {
    throw new StartRefused(
      'LATCHKEY_TRUSTED_PROXIES must be a comma-separated list of addresses and CIDR ranges',
    )
  }
}
