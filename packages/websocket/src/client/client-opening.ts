import {
  type Address,
  ConnectionAborted,
  ConnectionClosed,
  NoProtocol,
  type ProtocolFactory,
  type Transport,
} from '@ropewalk/core'
import type { PreludeEvents } from '@ropewalk/core/endpoints'
import { isThenable } from '@ropewalk/core/reactor'
import { Headers } from '@ropewalk/http'
import type { ResponseHead } from '@ropewalk/http/client'
import type { ClientOpening, OpeningResponse } from '../connection/opening.ts'
import { WebSocketChannel } from '../connection/websocket-channel.ts'
import type { CheckedWebSocketOptions } from '../connection/websocket-options.ts'
import { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { agreementOf, type ClientHandshake, HandshakeFault } from '../handshake/client-handshake.ts'
import { WebSocketHandshakeError } from './client-errors.ts'
import type { WebSocketClientFactory } from './websocket-client-factory.ts'

/** What a ClientOpeningAttempt is made with. */
export interface OpeningAttemptSetup<P extends WebSocketProtocol> {
  /** Where the WebSocket is, for errors. */
  readonly address: Address
  readonly factory: WebSocketClientFactory<P>
  readonly handshake: ClientHandshake
  readonly options: CheckedWebSocketOptions
}

/**
 * Opens one WebSocket when the server has switched protocols: checks the 101, lets the factory build the protocol, and
 * is itself the factory of the channel that takes over the connection.
 */
export class OpeningAttempt<P extends WebSocketProtocol> implements ProtocolFactory<WebSocketChannel> {
  /** Another protocol of ALPN would not be HTTP/1.1. */
  readonly acceptableProtocols: readonly string[] = ['http/1.1']
  readonly #setup: OpeningAttemptSetup<P>
  #open: { readonly protocol: P; readonly channel: WebSocketChannel } | undefined

  constructor(setup: OpeningAttemptSetup<P>) {
    this.#setup = setup
  }

  /** The protocol that was built; undefined before. */
  get protocol(): P | undefined {
    return this.#open?.protocol
  }

  doStart(): unknown {
    return this.#setup.factory.doStart()
  }

  doStop(): unknown {
    return this.#setup.factory.doStop()
  }

  buildProtocol(): WebSocketChannel | undefined {
    return this.#open?.channel
  }

  /**
   * The server has responded with a 101.
   *
   * @param unread The bytes after its head.
   * @returns the promise of the factory, if it returned one: nothing may be delivered before it settles.
   */
  switched(head: ResponseHead, transport: Transport, unread: Buffer, events: PreludeEvents): unknown {
    const opening = this.#checked(head, transport, events)
    if (opening === undefined) return undefined
    try {
      const built: unknown = this.#setup.factory.buildProtocol(opening.response, opening)
      if (!isThenable(built)) return this.#built(built, opening, transport, unread, events)
      return this.#whenBuilt(built, opening, transport, unread, events)
    } catch (error) {
      return this.#notBuilt(error, transport, events)
    }
  }

  #checked(head: ResponseHead, transport: Transport, events: PreludeEvents): ClientOpening | undefined {
    const { address, handshake } = this.#setup
    try {
      const { subprotocol, deflate } = agreementOf(handshake, head)
      const response: OpeningResponse = { status: head.status, headers: Headers.fromFields(head.fields) }
      return { role: 'client', response, subprotocol, deflate }
    } catch (error) {
      if (!(error instanceof HandshakeFault)) throw error
      transport.abortConnection(error)
      events.failed(new WebSocketHandshakeError(address, error.violation, error.message, error))
      return undefined
    }
  }

  async #whenBuilt(
    promise: PromiseLike<unknown>,
    opening: ClientOpening,
    transport: Transport,
    unread: Buffer,
    events: PreludeEvents,
  ): Promise<void> {
    const { signal } = transport
    const lost = (): void =>
      events.failed(this.#noProtocol('the connection ended before it was built', signal.reason))
    signal.addEventListener('abort', lost, { once: true })
    try {
      this.#built(await promise, opening, transport, unread, events)
    } catch (error) {
      this.#notBuilt(error, transport, events)
    } finally {
      signal.removeEventListener('abort', lost)
    }
  }

  /** @throws {TypeError} when something else than a protocol was built. */
  #built(
    built: unknown,
    opening: ClientOpening,
    transport: Transport,
    unread: Buffer,
    events: PreludeEvents,
  ): void {
    if (built === undefined || built === null) {
      events.failed(this.#noProtocol('its factory refused the connection'))
      return transport.loseConnection()
    }
    if (!(built instanceof WebSocketProtocol))
      throw new TypeError('Cannot open a WebSocket: buildProtocol must return a WebSocketProtocol')
    const { options } = this.#setup
    const channel = new WebSocketChannel({ protocol: built, opening, options })
    // The factory's type ensures that it is a P.
    this.#open = { protocol: built as P, channel }
    if (transport.disconnecting) abandon(channel, transport)
    else events.finished(transport, unread)
  }

  #notBuilt(error: unknown, transport: Transport, events: PreludeEvents): void {
    const { factory } = this.#setup
    const text = 'A factory failed to build a WebSocket protocol; the connection is closed'
    transport.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, source: factory, error })
    events.failed(this.#noProtocol('its factory failed to build a protocol', error))
    transport.abortConnection(error)
  }

  #noProtocol(why: string, cause?: unknown): NoProtocol {
    return new NoProtocol(this.#setup.address, why, cause)
  }
}

/** Notifies a protocol that was built when its connection had ended: `negotiationStarted`, then `connectionLost`. */
function abandon(channel: WebSocketChannel, transport: Transport): void {
  const { signal } = transport
  channel.makeConnection(transport)
  const lost = (): void => {
    const reason: unknown = signal.reason
    channel.connectionLost(reason instanceof ConnectionClosed ? reason : new ConnectionAborted())
  }
  if (signal.aborted) lost()
  else signal.addEventListener('abort', lost, { once: true })
}
