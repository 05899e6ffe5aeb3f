// @latchkey/verifier: what a resource server needs.
export { anyPlugin, noPlugin, unsafeIgnorePlugin } from './authorization.ts'
export type { PluginRequirement, Requirements } from './authorization.ts'
export { authorizationChallenge } from './challenge.ts'
export type { Challenge, ChallengeOptions } from './challenge.ts'
export type { AuthorizationDetail, WantedAuthorization } from './details.ts'
export {
  AccessDenied,
  TokenInvalid,
  TokenMissing,
  VerificationError,
  VerifierUnavailable,
} from './errors.ts'
export type { VerificationCode } from './errors.ts'
export { KeysFailure } from './keys-failure.ts'
export type { KeysFailureCode } from './keys-failure.ts'
export type { KeysStatus } from './keys.ts'
export type { OnEvent, VerifierEvent } from './events.ts'
export { protectedResourceMetadata } from './metadata.ts'
export type {
  ProtectedResourceDocument,
  ProtectedResourceMetadata,
  ProtectedResourceOptions,
} from './metadata.ts'
export type { ReadyOptions } from './ready.ts'
export {
  bearerOf,
  errorResponse,
  fromHeader,
  fromParam,
  fromQuery,
  requestAdapter,
  serveMetadata,
  single,
} from './request.ts'
export type { AdapterOptions, From, RequestSource, RouteRequirements } from './request.ts'
export type { AccessTokenClaims } from './token.ts'
export { createVerifier } from './verifier.ts'
export type {
  RevocationSource,
  RevocationStatus,
  VerifiedToken,
  Verifier,
  VerifierOptions,
  VerifierStatus,
  VerifyContext,
} from './verifier.ts'
