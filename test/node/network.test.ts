// Party of an address, for limits of each party.
import { expect, it } from 'vitest'
import { networkOf, plainAddress } from '../../src/http/network.ts'

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::7', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:db8:1::2:3:4:5', '2001:db8:1:0::/64'],
  ['', ''],
])('networkOf %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

it('networkOf is equal for two addresses of a customer, and differs between customers', () => {
  const [one, same, other] = ['2001:db8:0:7::1', '2001:db8::7:ffff:0:0:1', '2001:db8:0:8::1']
  expect(networkOf(one)).toBe(networkOf(same))
  expect(networkOf(one)).not.toBe(networkOf(other))
})

it('plainAddress removes the prefix of a mapped IPv4 address only', () => {
  expect(['::ffff:1', '::ffff:a:b', '::ffff:1.2.3.4'].map(plainAddress)).toEqual([
    '::ffff:1',
    '::ffff:a:b',
    '1.2.3.4',
  ])
})
