// Preloaded into a process: its first two RSA keys are read from the file READY_KEYS. Making them costs 0.25 s of a core,
// which is half of a first start.
const { readFileSync } = require('node:fs')

const { subtle } = globalThis.crypto
const make = subtle.generateKey.bind(subtle)
const ready = JSON.parse(readFileSync(process.env.READY_KEYS, 'utf8'))

const importPair = async ({ publicKey, privateKey }, algorithm, extractable) => ({
  publicKey: await subtle.importKey('jwk', publicKey, algorithm, true, ['verify']),
  privateKey: await subtle.importKey('jwk', privateKey, algorithm, extractable, ['sign']),
})

subtle.generateKey = (algorithm, extractable, usages) =>
  algorithm.modulusLength === 2048 && ready.length > 0
    ? importPair(ready.shift(), algorithm, extractable)
    : make(algorithm, extractable, usages)
