import { HTTPError } from '../errors.ts'
import { Resource } from './resource.ts'

/** Makes a resource that responds to every request with an error page; `detail` is escaped. */
export function errorPage(code: number, detail?: string): Resource {
  return new ErrorPage(code, detail)
}

/** Makes a resource that responds to every request with 404. */
export function notFound(detail?: string): Resource {
  return new ErrorPage(404, detail)
}

/** Makes a resource that responds to every request with 403. */
export function forbidden(detail?: string): Resource {
  return new ErrorPage(403, detail)
}

class ErrorPage extends Resource {
  override readonly isLeaf = true
  readonly #code: number
  readonly #detail: string | undefined

  constructor(code: number, detail: string | undefined) {
    super()
    this.#code = code
    this.#detail = detail
  }

  override render(): never {
    throw HTTPError.withoutStack(this.#code, this.#detail)
  }
}
