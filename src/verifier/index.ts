// @latchkey/verifier: verifies the access tokens of a Latchkey server in a resource server.
export { anyPlugin, noPlugin, unsafeIgnorePlugin } from './token/requirements.ts'
export type { PluginRequirement, Requirements } from './token/requirements.ts'
export { authorizationChallenge } from './adapters/challenge.ts'
export type { Challenge, ChallengeOptions } from './adapters/challenge.ts'
export type { AuthorizationDetail, WantedAuthorization } from './token/details.ts'
export {
  AccessDenied,
  TokenInvalid,
  TokenMissing,
  VerificationError,
  VerifierUnavailable,
} from './errors.ts'
export type { VerificationCode } from './codes.ts'
export type { VerificationReason } from './reasons.ts'
export { KeysFailure } from './keys/keys-failure.ts'
export type { KeysFailureCode } from './keys/keys-failure.ts'
export type { KeysStatus } from './keys/key-source.ts'
export type { OnEvent, VerifierEvent } from './events.ts'
export { protectedResourceMetadata } from './adapters/metadata.ts'
export type {
  ProtectedResourceDocument,
  ProtectedResourceMetadata,
  ProtectedResourceOptions,
} from './adapters/metadata.ts'
export type { ReadyOptions } from './revocation/ready.ts'
export { bearerOf } from './adapters/bearer.ts'
export {
  errorResponse,
  fromHeader,
  fromParam,
  fromQuery,
  requestAdapter,
  serveMetadata,
  single,
} from './adapters/request.ts'
export type { AdapterOptions, From, RequestSource, RouteRequirements } from './adapters/request.ts'
export type { AccessTokenClaims } from './token/parse.ts'
export { createVerifier } from './verifier.ts'
export type { RevocationSource, RevocationStatus } from './revocation/source.ts'
export type { VerifiedToken } from './token/verified-token.ts'
export type { Verifier, VerifierOptions, VerifierStatus, VerifyContext } from './types.ts'
