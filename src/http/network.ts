// Names the party that an address belongs to, for limits of each party. Pure: no I/O.

/** An IPv4 peer of a socket that listens on IPv6 comes as `::ffff:192.0.2.1`. */
const MAPPED = /^::ffff:(?=\d{1,3}\.)/i

const NETWORK_GROUPS = 4
const ALL_GROUPS = 8

/** Returns an address without the prefix of a mapped one. */
export const plainAddress = (address: string): string => address.replace(MAPPED, '')

/**
 * Returns all of an IPv4 address, and the first 64 bits of an IPv6 address. A customer gets at least so many (RFC 6177),
 * and could otherwise have a new address for every connection.
 * @example networkOf('2001:db8::7') // '2001:db8:0:0::/64'
 */
export const networkOf = (address: string): string => {
  const plain = plainAddress(address)
  if (!plain.includes(':')) return plain
  const [before = [], after = []] = plain
    .split('::')
    .map((groups) => (groups === '' ? [] : groups.split(':')))
  const left = ALL_GROUPS - before.length - after.length
  const zeros = plain.includes('::') ? Array.from({ length: Math.max(left, 0) }, () => '0') : []
  const groups = [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
