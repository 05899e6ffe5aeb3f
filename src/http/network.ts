// The network of an address, for limits that apply to each network. Pure: no I/O.

/** A socket that listens on IPv6 reports an IPv4 peer as `::ffff:192.0.2.1`. */
const MAPPED = /^::ffff:(?=\d{1,3}\.)/i

const NETWORK_GROUPS = 4
const ALL_GROUPS = 8

/** Returns an address without the prefix of a mapped one. */
export const plainAddress = (address: string): string => address.replace(MAPPED, '')

/**
 * Returns a whole IPv4 address, or the first 64 bits of an IPv6 address: providers assign a
 * customer at least a /64 (RFC 6177), from which an attacker could use another address for every
 * connection.
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
