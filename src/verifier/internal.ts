// @latchkey/verifier/internal: for the server of the same release, without a promise.
export { bearerOf } from './adapters/bearer.ts'
export { revocableFacts, runText } from './revocation/revocable-token.ts'
export { decodeBase64url } from './token/base64url.ts'
export { isObject, parseStrictJson } from './token/json.ts'
export { isScopeToken } from './token/scope.ts'
export { isLoopbackHost, isOrigin, isSecureUrl } from './url.ts'
