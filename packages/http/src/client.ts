/**
 * The parts of an HTTP client that an upgrade of a connection needs.
 *
 * @module
 */
export { basicCredentials, type Credentials } from './client/basic-credentials.ts'
export { type GivenHeaders, givenHeaders } from './client/given-headers.ts'
export { HTTPConnectEndpoint, type HTTPConnectOptions, ProxyRefused } from './client/http-connect-endpoint.ts'
export {
  type Refusal,
  type SwitchEvents,
  type SwitchFailure,
  SwitchRequest,
  type SwitchRequestSetup,
} from './client/switch-request.ts'
export { RESPONSE_LIMITS, type ResponseLimits } from './codec/limits.ts'
export { requestHead } from './codec/request-writer.ts'
export { type ResponseEvent, type ResponseHead, ResponseReader } from './codec/response-reader.ts'
export { reasonPhrase } from './message/status.ts'
