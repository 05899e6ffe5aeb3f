// A process that makes a first start in each folder that it reads the name of, and says how it went. It is
// there for many rounds, without the time that a command takes to load.
import { createInterface } from 'node:readline'
import { loadConfig } from '../../dist/config.js'
import { openLatchkey } from '../../dist/node/open.js'

// RSA keys take long to make. Each folder has a database of its own, so the same two do for all of them.
const generateKey = crypto.subtle.generateKey.bind(crypto.subtle)
const pairs = []
let asked = 0
crypto.subtle.generateKey = (...wanted) => (pairs[asked++ % 2] ??= generateKey(...wanted))

const firstStart = async (directory) => {
  const config = loadConfig({
    LATCHKEY_DATABASE_URL: `file:${directory}/data/latchkey.db`,
    LATCHKEY_KEYS_DIR: `${directory}/keys`,
  })
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const opening = { config, clock: Date.now, log, actor: 'server', create: true }
  const { store } = await openLatchkey(opening)
  await store.close()
}

process.stdout.write('ready\n')
for await (const directory of createInterface({ input: process.stdin })) {
  const outcome = await firstStart(directory).then(
    () => 'done',
    (error) => String(error.message),
  )
  process.stdout.write(`${outcome}\n`)
}
