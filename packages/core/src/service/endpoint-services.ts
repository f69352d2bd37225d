import type { Address } from '../addresses.ts'
import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ListeningPort } from '../interfaces/reactor.ts'
import { type ListeningAddress, serverFromString } from '../endpoint/from-string.ts'
import type { ServerEndpoint } from '../endpoint/server-endpoint.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY, SERVER_ENDPOINT } from '../options/object-rules.ts'
import { Service } from './service.ts'

/** Listens while it runs. Connections that are up when it is stopped stay up. */
export class StreamServerEndpointService<A extends Address = Address> extends Service {
  readonly #endpoint: ServerEndpoint<A>
  readonly #factory: ProtocolFactory
  #bound: Promise<ListeningPort<A>> | undefined
  #port: ListeningPort<A> | undefined

  /** @throws {TypeError} for what is no endpoint or no factory. */
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
   * Resolves when it listens.
   *
   * @throws {CannotListenError} (rejects); it can be started again.
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

  /** Resolves when the port is free. */
  override async stopService(): Promise<void> {
    void super.stopService()
    const bound = this.#bound
    this.#bound = undefined
    this.#port = undefined
    // Who started it knows why there is no port.
    const port = await bound?.catch(() => undefined)
    await port?.stopListening()
  }

  /** Rejects also where the endpoint throws. */
  async #listen(): Promise<ListeningPort<A>> {
    return this.#endpoint.listen(this.#factory)
  }
}

/**
 * A service that listens where a string says, such as `tcp:8080`.
 *
 * @throws {EndpointSyntaxError}
 * @see serverFromString for the strings.
 */
export function serviceFromString<D extends string>(
  reactor: Parameters<typeof serverFromString>[0],
  description: D,
  factory: ProtocolFactory,
): StreamServerEndpointService<ListeningAddress<D>> {
  return new StreamServerEndpointService(serverFromString(reactor, description), factory)
}
