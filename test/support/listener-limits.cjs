// Preloaded into a server: keeps the default limits on listeners, so that Node.js warns where requests add listeners.
const cluster = require('node:cluster')

const keep = function () {
  return this
}
process.setMaxListeners = keep
cluster.setMaxListeners = keep
