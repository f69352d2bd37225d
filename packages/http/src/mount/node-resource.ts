import type { IncomingMessage, ServerResponse } from 'node:http'
import { LocalProtocolError } from '@ropewalk/core'
import { callable, checkValue, type GivenOptions, withDefaults } from '@ropewalk/core/options'
import { callSafely } from '@ropewalk/core/reactor'
import type { Outcome } from '../response/request-ending.ts'
import type { Request } from '../server/request.ts'
import { NOT_DONE_YET, type NotDoneYet } from '../site/render-result.ts'
import { Resource } from '../site/resource.ts'
import { DEFAULT_MOUNT_OPTIONS, MOUNT_OPTION_RULES, type MountOptions, mountTarget } from './mount-target.ts'
import { NodeRequest } from './node-request.ts'
import { NodeResponse } from './node-response.ts'
import { NodeSocket, type SocketOwner } from './node-socket.ts'

/**
 * A listener of `node:http`: an Express app, `app.routing` of Fastify once it is ready, `app.callback()` of Koa, or
 * a function of your own.
 */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * Responds to all requests for its path, and for the paths below it, with a listener of `node:http`.
 *
 * The listener gets Node's own IncomingMessage and ServerResponse, without Node's parser and sockets: bodies are
 * streamed through this site, as fast as each side reads, and its limits and deadlines apply. A listener that
 * throws, or whose promise rejects, causes a 500, or an aborted connection once the response has begun.
 */
export class NodeResource extends Resource {
  override readonly isLeaf = true
  readonly #listener: NodeListener
  readonly #options: MountOptions

  /** @throws {TypeError} when `listener` is not a function, or an option does not exist or has the wrong type. */
  constructor(listener: NodeListener, options?: GivenOptions<MountOptions>) {
    super()
    checkValue('NodeResource', 'listener', listener, callable)
    this.#listener = listener
    this.#options = withDefaults('NodeResource', DEFAULT_MOUNT_OPTIONS, options, MOUNT_OPTION_RULES)
  }

  /**
   * Calls the listener.
   *
   * @returns a promise that resolves when the request has ended.
   * @throws {unknown} (rejects) with what the listener throws, or destroys the response with.
   */
  override render(request: Request): Promise<NotDoneYet> {
    const { promise, resolve, reject } = newCompletion()
    const exchange = new NodeExchange(request, this.#options, reject)
    const ended = request.finished.then((outcome) => exchange.requestEnded(outcome))
    // What a listener throws after its response is complete is logged.
    void Promise.all([ended, exchange.begin(this.#listener)]).then(() => resolve(NOT_DONE_YET))
    return promise
  }
}

/** One call of a listener: its messages, their socket, and how they end. */
class NodeExchange implements SocketOwner {
  readonly #request: Request
  readonly #reject: (error: unknown) => void
  readonly #socket: NodeSocket
  readonly #incoming: NodeRequest
  readonly #outgoing: NodeResponse

  constructor(request: Request, options: MountOptions, reject: (error: unknown) => void) {
    this.#request = request
    this.#reject = reject
    const failed = (error: unknown): void => this.#failed(error)
    this.#socket = new NodeSocket(request, this)
    this.#incoming = new NodeRequest(request, this.#socket, mountTarget(request, options), failed)
    this.#outgoing = new NodeResponse(request, this.#socket, this.#incoming.message, failed)
  }

  /** Returns a promise that resolves when that of the listener has settled. */
  begin(listener: NodeListener): Promise<void> | undefined {
    const { signal } = this.#request
    if (signal.aborted) this.#clientLeft()
    else signal.addEventListener('abort', () => this.#clientLeft(), { once: true })
    return callSafely(
      () => listener(this.#incoming.message, this.#outgoing.message),
      (error) => this.#failed(error),
    )
  }

  requestEnded(outcome: Outcome): void {
    this.#socket.requestEnded()
    this.#guarded(() => this.#outgoing.requestEnded(outcome))
    this.#guarded(() => this.#incoming.requestEnded())
    if (outcome !== 'complete') this.#socket.destroy()
  }

  socketDestroyed(error: Error | undefined): void {
    const request = this.#request
    if (request.outcome !== undefined) return
    request.endConnection()
    if (request.signal.aborted || error !== undefined) return this.#failed(error)
    request.processingFailed(new LocalProtocolError('Cannot complete the response: the program destroyed it'))
  }

  socketTimedOut(): boolean {
    const incoming = this.#incoming.message
    const known = !incoming.complete && incoming.emit('timeout', this.#socket)
    return this.#outgoing.message.emit('timeout', this.#socket) || known
  }

  /** It has sent its FIN, or is gone. It may still read what the listener writes. */
  #clientLeft(): void {
    this.#guarded(() => this.#incoming.clientLeft(this.#request.signal.reason))
    this.#guarded(() => this.#outgoing.clientLeft())
  }

  #guarded(notify: () => void): void {
    try {
      notify()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** What fails after the client has left fails because of that. */
  #failed(error: unknown): void {
    const { signal, outcome } = this.#request
    this.#reject(signal.aborted && outcome !== 'complete' ? signal.reason : error)
  }
}

function newCompletion(): {
  readonly promise: Promise<NotDoneYet>
  readonly resolve: (done: NotDoneYet) => void
  readonly reject: (error: unknown) => void
} {
  let resolve: (done: NotDoneYet) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<NotDoneYet>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { promise, resolve, reject }
}
