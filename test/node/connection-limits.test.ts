// Limits of open connections for a process and an address, with small numbers.
import { type Server, createServer } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS } from '../../src/constants.ts'
import { createConnections } from '../../src/node/http/connections.ts'

const PROCESS = 6
const ADDRESS = 3

let server: Server
const sockets: Socket[] = []

const listen = async (isTrusted: (address: string) => boolean = () => false, limits = true) => {
  server = createServer()
  const few = { process: PROCESS, address: ADDRESS }
  const connections = createConnections(server, isTrusted, ...(limits ? [few] : []))
  server.on(
    'request',
    connections.inTurn((_, response) => response.end('answered')),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

/**
 * Opens a connection from an address of loopback and sends a request. @returns `answered` or
 * `closed`
 */
const ask = (localAddress: string): Promise<string> =>
  new Promise((resolve) => {
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    let received = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text
      if (received.endsWith('answered\r\n0\r\n\r\n') || received.endsWith('answered'))
        resolve('answered')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve('closed'))
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  })

const askAll = async (addresses: readonly string[]): Promise<string[]> => {
  const answers: string[] = []
  for (const address of addresses) answers.push(await ask(address))
  return answers
}

const times = (count: number, value: string): string[] => Array.from({ length: count }, () => value)

const FIRST = '127.0.0.1'
const SECOND = '127.0.0.2'

it('address gets no more connections than its limit, and others get theirs', async () => {
  await listen()
  expect(await askAll(times(ADDRESS + 2, FIRST))).toEqual([
    ...times(ADDRESS, 'answered'),
    ...times(2, 'closed'),
  ])
  expect(await askAll(times(ADDRESS, SECOND))).toEqual(times(ADDRESS, 'answered'))
})

it('connection that ends, or was refused, makes room', async () => {
  await listen()
  await askAll(times(ADDRESS + 5, FIRST))
  sockets[0]?.destroy()
  await expect.poll(() => ask(FIRST)).toBe('answered')
  expect(await ask(FIRST)).toBe('closed')
})

it('trusted proxy has the limit of the process only', async () => {
  await listen((address) => address === FIRST)
  expect(await askAll(times(PROCESS + 2, FIRST))).toEqual([
    ...times(PROCESS, 'answered'),
    ...times(2, 'closed'),
  ])
})

it('process has no more connections than its limit, from any number of addresses', async () => {
  await listen()
  const addresses = Array.from({ length: PROCESS + 2 }, (_, i) => `127.0.0.${i + 1}`)
  expect(await askAll(addresses)).toEqual([...times(PROCESS, 'answered'), ...times(2, 'closed')])
})

it('server has the limits 24,000 and 4,000', async () => {
  await listen(() => false, false)
  expect(server.maxConnections).toBe(24_000)
  expect([MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS]).toEqual([24_000, 4_000])
})
