// A process that reads names of folders, makes a first start in each and prints its result. A test of many rounds uses
// it to load the modules once instead of once for each command.
import { createInterface } from 'node:readline'
import { loadConfig } from '../../dist/config.js'
import { openLatchkey } from '../../dist/node/open.js'

// RSA keys are slow to make. Each folder has a separate database, so that all folders can use the same two keys.
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
