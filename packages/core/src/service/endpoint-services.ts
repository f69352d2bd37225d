import type { Address } from '../addresses.ts'
import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ListeningPort } from '../interfaces/reactor.ts'
import { type ListeningAddress, serverFromString } from '../endpoint/from-string.ts'
import type { ServerEndpoint } from '../endpoint/server-endpoint.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY, SERVER_ENDPOINT } from '../options/object-rules.ts'
import { Service } from './service.ts'

/** Listens while it runs. Its connections stay open when it is stopped. */
export class StreamServerEndpointService<A extends Address = Address> extends Service {
  readonly #endpoint: ServerEndpoint<A>
  readonly #factory: ProtocolFactory
  #bound: Promise<ListeningPort<A>> | undefined
  #port: ListeningPort<A> | undefined

  /** @throws {TypeError} when `endpoint` is not an endpoint or `factory` is not a factory. */
  constructor(endpoint: ServerEndpoint<A>, factory: ProtocolFactory) {
    super()
    checkValue('StreamServerEndpointService', 'endpoint', endpoint, SERVER_ENDPOINT)
    checkValue('StreamServerEndpointService', 'factory', factory, FACTORY)
    this.#endpoint = endpoint
    this.#factory = factory
  }

  /** The port it listens on, once it has started. */
  get port(): ListeningPort<A> | undefined {
    return this.#port
  }

  /**
   * Begins to listen; resolves when it listens.
   *
   * @throws {CannotListenError} (rejects) when the endpoint cannot listen; it can be started again.
   */
  override async startService(): Promise<void> {
    void super.startService()
    this.#bound ??= this.#listen()
    const bound = this.#bound
    try {
      const port = await bound
      if (this.#bound === bound) this.#port = port
    } catch (error) {
      if (this.#bound === bound) await this.stopService()
      throw error
    }
  }

  /** Stops listening; resolves when the port is free. */
  override async stopService(): Promise<void> {
    void super.stopService()
    const bound = this.#bound
    this.#bound = undefined
    this.#port = undefined
    // The caller of `startService` has received this error.
    const port = await bound?.catch(() => undefined)
    await port?.stopListening()
  }

  /** Rejects also when the endpoint throws. */
  async #listen(): Promise<ListeningPort<A>> {
    return this.#endpoint.listen(this.#factory)
  }
}

/**
 * A service that listens on the endpoint of a string, such as `tcp:8080`.
 *
 * @throws {EndpointSyntaxError} when the string cannot be parsed.
 * @see serverFromString for the strings.
 */
export function serviceFromString<D extends string>(
  reactor: Parameters<typeof serverFromString>[0],
  description: D,
  factory: ProtocolFactory,
): StreamServerEndpointService<ListeningAddress<D>> {
  return new StreamServerEndpointService(serverFromString(reactor, description), factory)
}
