import type { Address } from '../addresses.ts'
import { ConnectingCancelledError, NoProtocol } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { CLIENT_ENDPOINT } from '../options/object-rules.ts'
import { callable } from '../options/option-rules.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { onAbort } from '../time/cancellable.ts'
import { buildProtocol, refuseConnection, switchTo, whenReady } from '../transport/build-protocol.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { checkConnect, type ClientEndpoint, type ConnectOptions } from './client-endpoint.ts'

/** What a prelude calls when it is over: one of the two, once. A later call has no effect. */
export interface PreludeEvents {
  /**
   * The connection is ready: the factory builds its protocol, which receives `unread` first.
   *
   * @param unread The bytes that the prelude received but did not parse.
   */
  finished(transport: Transport, unread?: Buffer): void
  /** `connect` rejects with `why`. The prelude itself closes or aborts the connection. */
  failed(why: unknown): void
}

/**
 * Connects through `endpoint`. On the connection first runs a prelude, such as a request to a proxy, and then the
 * protocol of `factory`. For endpoints that stand in front of other endpoints; it settles as their `connect` does.
 *
 * @param prelude Returns the protocol of the prelude for one connection. `session` is given for a TLS connection.
 *   If the connection is lost, its `connectionLost` must call `failed`.
 * @throws {ConnectError} (rejects) as a ClientEndpoint does, or with what the prelude failed with.
 */
export async function connectWithPrelude<P extends ProtocolEvents>(
  endpoint: ClientEndpoint,
  factory: ProtocolFactory<P>,
  options: ConnectOptions,
  prelude: (events: PreludeEvents, session: TLSSession | undefined) => Protocol<unknown>,
): Promise<P> {
  checkValue('connectWithPrelude', 'endpoint', endpoint, CLIENT_ENDPOINT)
  checkValue('connectWithPrelude', 'prelude', prelude, callable)
  checkConnect(factory, options)
  const attempt = new PreludeFactory(factory, prelude)
  const { transport } = await endpoint.connect(attempt, options).catch((error: unknown) => {
    // The prelude knows better why the connection ended.
    throw attempt.failure ?? error
  })
  const forget = onAbort(options.signal, () => {
    const why = new ConnectingCancelledError(transport.getPeer(), 'the attempt was cancelled')
    attempt.failed(why)
    transport.abortConnection(why)
  })
  try {
    return await attempt.whenConnected
  } finally {
    forget()
  }
}

/** Runs the prelude of one connection, then builds its protocol. */
class PreludeFactory<P extends ProtocolEvents>
  extends AttemptFactory<Protocol<unknown>, P>
  implements PreludeEvents
{
  /** Resolves with the protocol once it is ready. */
  readonly whenConnected: Promise<P>
  /** What the prelude failed with. */
  failure: unknown
  readonly #prelude: (events: PreludeEvents, session: TLSSession | undefined) => Protocol<unknown>
  #settle: { resolve(protocol: Promise<P>): void; reject(why: unknown): void } | undefined

  constructor(
    factory: ProtocolFactory<P>,
    prelude: (events: PreludeEvents, session: TLSSession | undefined) => Protocol<unknown>,
  ) {
    super(factory)
    this.#prelude = prelude
    this.whenConnected = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // No code awaits it yet when the connection itself cannot be made.
    this.whenConnected.catch(() => undefined)
  }

  override buildProtocol(_peer: Address, session?: TLSSession): Protocol<unknown> {
    return this.#prelude(this, session)
  }

  finished(transport: Transport, unread?: Buffer): void {
    const settle = this.#settled()
    if (settle === undefined) return
    const peer = transport.getPeer()
    const protocol = buildProtocol(this.wrappedFactory, { peer, reactor: transport.reactor })
    if (!(protocol instanceof NoProtocol)) {
      return settle.resolve(whenReady(switchTo(transport, protocol, unread), peer))
    }
    settle.reject(protocol)
    refuseConnection(transport, protocol)
  }

  failed(why: unknown): void {
    const settle = this.#settled()
    if (settle === undefined) return
    this.failure = why
    settle.reject(why)
  }

  #settled(): { resolve(protocol: Promise<P>): void; reject(why: unknown): void } | undefined {
    const settle = this.#settle
    this.#settle = undefined
    return settle
  }
}
