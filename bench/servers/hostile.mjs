// Attacker on many connections: each requests one random cursor of the list after the other, until the process ends.
import { once } from 'node:events'
import { Agent, get } from 'node:http'

const [, , list, epoch, rules, connections] = process.argv
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })

const ask = async () => {
  const seq = String(Math.floor(Math.random() * Number(rules))).padStart(16, '0')
  const response = await new Promise((resolve, reject) => {
    get(`${list}?after=${epoch}.${seq}`, { agent }, resolve).on('error', reject)
  })
  response.resume()
  await once(response, 'end')
}

const connection = async () => {
  for (;;) await ask().catch(() => {})
}
await Promise.all(Array.from({ length: Number(connections) }, connection))
