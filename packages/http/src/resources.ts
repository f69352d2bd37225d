/**
 * Resources that stand in front of others: sessions, authentication, compression, virtual hosts.
 *
 * @module
 */
export { compressed } from './resources/compressed.ts'
export {
  type AuthenticationScheme,
  type Checked,
  type CheckResult,
  guard,
  type GuardOptions,
} from './resources/guard.ts'
export { quotedString } from './message/field-grammar.ts'
export { bodyLimit, type BodyLimitOptions } from './resources/body-limit.ts'
export { cors, type CORSOptions } from './resources/cors.ts'
export {
  type Credentials,
  credentialsOf,
  equalInConstantTime,
  getBearerToken,
  getPassword,
  getUser,
  passwordCheck,
  tokenCheck,
} from './resources/authentication.ts'
export { NameVirtualHost } from './resources/name-virtual-host.ts'
export { getSession, sessions, type SessionsOptions } from './resources/sessions.ts'
export { getRequestId, requestId, type RequestIdOptions } from './resources/request-id.ts'
export {
  MemorySessionStore,
  type MemorySessionStoreOptions,
  type SessionRecord,
  type SessionStore,
} from './resources/session-store.ts'
export { rateLimit, type RateLimitOptions } from './resources/rate-limit.ts'
export { RequestSlot } from './resources/request-slot.ts'
export { securityHeaders, type SecurityHeadersOptions } from './resources/security-headers.ts'
export type { Session } from './resources/session.ts'
export { type JSONValue, SessionKey } from './resources/session-values.ts'
export { WrappingResource } from './resources/wrapping-resource.ts'
