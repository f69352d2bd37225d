import {
  flag,
  type GivenOptions,
  type OptionRule,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { isToken } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { RequestSlot } from './request-slot.ts'
import { WrappingResource } from './wrapping-resource.ts'

/** Options of `requestId`. */
export interface RequestIdOptions {
  /** The header that carries the id, of the request and of the response. Default `X-Request-Id`. */
  readonly header: string
  /**
   * Whether an id that the client sends is used. It must be 1 to 128 letters, digits and `-_.:+/=@`, else it is
   * replaced. Default true; false where clients must not choose what the log shows.
   */
  readonly echo: boolean
}

/**
 * Gives every request to `resource` and below it an id, for logs and for calls to other services, and sends it in
 * the response, error pages included. See `getRequestId`.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, or an option is unknown or wrong.
 */
export function requestId(resource: Resource, options?: GivenOptions<RequestIdOptions>): Resource {
  return new Identified(resource, options)
}

/** Returns the id that `requestId` gave to a request; undefined when no such wrapper is above the resource. */
export function getRequestId(request: Request): string | undefined {
  return ID.get(request)
}

class Identified extends WrappingResource {
  readonly #options: RequestIdOptions

  constructor(resource: Resource, options: GivenOptions<RequestIdOptions> | undefined) {
    super(resource, 'requestId')
    this.#options = withDefaults('requestId', DEFAULT_OPTIONS, options, RULES)
  }

  override render(request: Request): RenderResult {
    const { header } = this.#options
    const id = this.#received(request) ?? request.reactor.randomBytes(ID_BYTES).toString('hex')
    ID.set(request, id)
    request.beforeHead(() => request.setHeader(header, id))
    return super.render(request)
  }

  /** The client's id, if it is to be used. */
  #received(request: Request): string | undefined {
    const { header, echo } = this.#options
    const [id, ...more] = (echo ? request.requestHeaders.getRawHeaders(header) : undefined) ?? []
    return id !== undefined && more.length === 0 && VALID_ID.test(id) ? id : undefined
  }
}

const ID = new RequestSlot<string>('request id')
const ID_BYTES = 16
/** Nothing in it needs a quote or an escape in a header, a log line, JSON, HTML or a shell. */
const VALID_ID = /^[\w.:+/=@-]{1,128}$/
const FIELD_NAME: OptionRule = (value) => {
  if (typeof value !== 'string') return { kind: 'type', wanted: 'the name of a header' }
  return isToken(value) ? undefined : { kind: 'range', wanted: 'the name of a header, a token' }
}
const DEFAULT_OPTIONS: RequestIdOptions = { header: 'X-Request-Id', echo: true }
const RULES: OptionRules<RequestIdOptions> = { header: FIELD_NAME, echo: flag }
