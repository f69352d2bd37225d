/**
 * An HTTP/1.1 server: channel, site, resources, requests and responses.
 *
 * @module
 */
export type { CookieOptions } from './codec/cookie.ts'
export type { FormLimits } from './codec/form-reader.ts'
export { HTTPError, type HTTPErrorOptions, RemoteProtocolError, statusOf, type Violation } from './errors.ts'
export { isToken, listElements, trimBlanks } from './message/field-grammar.ts'
export { Headers } from './message/headers.ts'
export {
  type AccessLog,
  combinedLog,
  type EarlyRefusal,
  type FinishedRequest,
  jsonLog,
} from './server/access-log.ts'
export { AllowedHosts } from './server/allowed-hosts.ts'
export type { DecodedBody, DecodingOptions } from './body/body-decoding.ts'
export type { SizeOptions } from './body/body-pieces.ts'
export type { HTTPChannelOptions } from './server/channel-options.ts'
export { escapeHTML, type RenderedError } from './response/error-response.ts'
export type { ForwardedHeader } from './server/trusted-proxies.ts'
export type { Part } from './body/form-parts.ts'
export { HTTPChannel, type HTTPChannelOwner } from './server/http-channel.ts'
export { HTTPFactory, type HTTPFactoryOptions } from './server/http-factory.ts'
export { type ClientFacts, IncomingRequest } from './server/incoming-request.ts'
export { type FormOptions, ReadableBody } from './body/readable-body.ts'
export { Request } from './server/request.ts'
export { RequestBody } from './body/request-body.ts'
export type { Outcome } from './response/request-ending.ts'
export type { RequestDiagnosticEvents } from './server/request-events.ts'
export type { UpgradeOptions } from './server/upgrade.ts'
export { getChildForRequest } from './site/child-for-request.ts'
export type { ErrorBody } from './site/error-pages.ts'
export {
  type Body,
  type JSONBody,
  NOT_DONE_YET,
  type NotDoneYet,
  type Rendered,
  type RenderResult,
} from './site/render-result.ts'
export { errorPage, forbidden, notFound } from './site/pages.ts'
export { Resource, type ResourceFunction } from './site/resource.ts'
export type { RouteFunction, RouteParameters } from './site/routes.ts'
export { Site, type SiteOptions } from './site/site.ts'
export type { SavedFile } from './uploads/saved-file.ts'
export type { HTTPLimits } from './codec/limits.ts'
export { type ByteRange, parseRange, type RangeOptions } from './message/ranges.ts'
export { contentRange, type MultipartRanges, multipartRanges, unsatisfiedRange } from './message/ranges.ts'
export {
  allowsRange,
  entityTag,
  evaluatePreconditions,
  type Validators,
  type Verdict,
  weakTag,
} from './message/conditional.ts'
export { addVary, preferredCoding, preferredLanguage, preferredType } from './message/negotiation.ts'
export type { ServerSentEvent } from './message/server-sent-event.ts'
export type { TrailerValue } from './message/trailers.ts'
export type { CodingLevels, CodingName } from './response/coders.ts'
export { ContentCoding, type ContentCodingOptions, encodeResponse } from './response/content-coding.ts'
export { EventStream, eventStream, type EventStreamOptions } from './response/event-stream.ts'
export { type RangeSource, sendRanges } from './response/range-response.ts'
export type { Representation, Time } from './response/validators.ts'
