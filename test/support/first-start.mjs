// A process that makes a first start in each folder that it reads the name of, and says how it went. It is
// there for many rounds, without the time that a command takes to load.
import { createInterface } from 'node:readline'
import { loadConfig } from '../../dist/config.js'
import { openLatchkey } from '../../dist/node/open.js'

const firstStart = async (directory) => {
  const config = loadConfig({
    LATCHKEY_DATABASE_URL: `file:${directory}/data/latchkey.db`,
    LATCHKEY_KEYS_DIR: `${directory}/keys`,
  })
  const { store } = await openLatchkey(config, Date.now)
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
