import type { GivenOptions } from '@ropewalk/core/options'
import { ContentCoding, type ContentCodingOptions } from '../response/content-coding.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { WrappingResource } from './wrapping-resource.ts'

/**
 * Wraps a resource, so that its responses and those of all resources below it are coded with gzip, br or zstd for
 * clients that accept it.
 *
 * Do not wrap pages that contain a secret and text from the request: the length of a coded body gives hints about
 * the secret (BREACH).
 *
 * @throws {TypeError} when `resource` is not a Resource, or an option does not exist or has the wrong type.
 * @throws {RangeError} when an option is out of range.
 */
export function compressed(resource: Resource, options?: GivenOptions<ContentCodingOptions>): Resource {
  return new Compressed(resource, new ContentCoding(options))
}

class Compressed extends WrappingResource {
  readonly #coding: ContentCoding

  constructor(resource: Resource, coding: ContentCoding) {
    super(resource, 'compressed')
    this.#coding = coding
  }

  override render(request: Request): RenderResult {
    request.encodeWith(this.#coding)
    return super.render(request)
  }
}
