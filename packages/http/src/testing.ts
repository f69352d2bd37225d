/**
 * Requests to a site in memory, and the responses that it sends.
 *
 * @module
 */
export { type InformationalResponse, ReceivedResponse, type Upgraded } from './testing/received-response.ts'
export { requestFrom, type TestRequest } from './testing/request-from.ts'
export type { GivenHeaders, RequestContent } from './testing/request-text.ts'
export { MalformedResponseError } from './testing/response-reader.ts'
