// Preloaded into a process and its threads (NODE_OPTIONS=--require): when a connection to a database closes, prints its
// pragmas as a line of JSON on standard error.
const { writeSync } = require('node:fs')
const { basename } = require('node:path')

const Database = require(require.resolve('better-sqlite3', { paths: [process.env.MODULES] }))
const NAMES = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout']
const { close } = Database.prototype

Database.prototype.close = function observed() {
  if (this.open && !this.memory) {
    const set = NAMES.map((name) => [name, this.pragma(name, { simple: true })])
    const line = { file: basename(this.name), ...Object.fromEntries(set) }
    writeSync(2, `pragmas ${JSON.stringify(line)}\n`)
  }
  return close.call(this)
}
