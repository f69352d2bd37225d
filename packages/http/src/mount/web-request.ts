import { tolerated } from '@ropewalk/core/reactor'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'

/**
 * Makes a request of the web from a request of the site.
 *
 * Nothing of the body is read ahead: the first read sends `100 Continue` to a client that waits for it. Reading
 * fails when the body breaks off. That never becomes an unhandled rejection, so a client cannot end the process.
 *
 * @throws {HTTPError} 501 for a method that a request of the web cannot have.
 */
export function webRequest(request: Request, url: URL): globalThis.Request {
  const { method, signal } = request
  // A request of the web cannot have these methods, and would make others upper case (Fetch, §5.4).
  if (FORBIDDEN_METHOD.test(method)) throw HTTPError.withoutStack(501)
  const headers = [...request.requestHeaders] as [string, string][]
  if (!request.hasBody || method === 'GET' || method === 'HEAD')
    return new globalThis.Request(url, { method, headers, signal })
  const body = new WebBody(request)
  const made = new globalThis.Request(url, { method, headers, signal, body: body.stream, duplex: 'half' })
  tolerateRejections(made, body)
  return made
}

/** The body of a request as a stream. */
class WebBody {
  readonly stream: ReadableStream<Uint8Array>
  readonly #pieces: AsyncGenerator<Buffer, void, undefined>
  #failure: unknown

  constructor(request: Request) {
    this.#pieces = request.body[Symbol.asyncIterator]()
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: async () => void (await this.#pieces.return()),
      },
      { highWaterMark: 0 },
    )
  }

  /** Whether reading failed with `error` because the body has broken off. */
  failedWith(error: unknown): boolean {
    return error === this.#failure
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await this.#pieces.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}

/** In `const text = request.text(); await other(); await text`, the rejection may come before it is awaited. */
function tolerateRejections(request: globalThis.Request, body: WebBody): void {
  for (const name of READS) {
    const read: unknown = Reflect.get(request, name)
    if (typeof read !== 'function') continue
    const value = (): Promise<unknown> =>
      tolerated(read.call(request) as Promise<unknown>, (error) => body.failedWith(error))
    Object.defineProperty(request, name, { value, writable: true, configurable: true })
  }
}

/** The last one is not in every Node. */
const READS = ['arrayBuffer', 'blob', 'formData', 'json', 'text', 'bytes'] as const
const FORBIDDEN_METHOD = /^(?:CONNECT|TRACE|TRACK)$|[a-z]/
