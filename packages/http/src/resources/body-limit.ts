import { byteCount, type OptionRules } from '@ropewalk/core/options'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { checkRequired } from './required-options.ts'
import { WrappingResource } from './wrapping-resource.ts'

/** Options of `bodyLimit`. */
export interface BodyLimitOptions {
  /** Most bytes of a request's body. Beyond it: 413. It replaces the site's `maxBodyBytes`, up or down. */
  readonly maxBytes: number
}

/**
 * Limits the bodies of requests to `resource` and below it, more or less strictly than the whole site does.
 *
 * A Content-Length beyond the limit is refused before the resource is called, and before a client that waits
 * for `100 Continue` has sent any of the body.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, or an option is missing, unknown, not a
 *   number of bytes or out of range.
 */
export function bodyLimit(resource: Resource, options: BodyLimitOptions): Resource {
  return new LimitedBodies(resource, options)
}

class LimitedBodies extends WrappingResource {
  readonly #maxBytes: number

  constructor(resource: Resource, options: BodyLimitOptions) {
    super(resource, 'bodyLimit')
    checkRequired('bodyLimit', options, '{ maxBytes: 100_000 }', RULES, 'maxBytes')
    this.#maxBytes = options.maxBytes
  }

  override render(request: Request): RenderResult {
    request.limitBody(this.#maxBytes)
    return super.render(request)
  }
}

const RULES: OptionRules<BodyLimitOptions> = { maxBytes: byteCount({ endless: true }) }
