// Preloaded into a server: the limits on listeners stay at their default, so that Node.js warns where a request adds one.
const cluster = require('node:cluster')

const keep = function () {
  return this
}
process.setMaxListeners = keep
cluster.setMaxListeners = keep
