import { type Address, formatAddress } from '../addresses.ts'
import { ConnectError, type ConnectionClosed, NoProtocol } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ReactorLog } from '../interfaces/reactor.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { assertNotPromise, callSafely, settleSafely } from '../safely.ts'
import { onAbort } from '../time/cancellable.ts'
import { StreamTransport } from './stream-transport.ts'

/** The connection for which a factory builds a protocol. */
export interface BuildContext {
  readonly peer: Address
  /** Given for a TLS connection. */
  readonly session?: TLSSession | undefined
  /** The address that a NoProtocol names. Default: the peer's. */
  readonly address?: Address
  /** Logs a fault of the factory. */
  readonly reactor: ReactorLog
}

/**
 * Calls `factory.buildProtocol` for one connection. Clients and servers of every kind use this function. A
 * throw, or a result that is not a protocol, is logged once.
 *
 * @returns a NoProtocol when the caller must refuse the connection; a fault of the factory is its cause.
 */
export function buildProtocol<P extends ProtocolEvents>(
  factory: ProtocolFactory<P>,
  { peer, session, address = peer, reactor }: BuildContext,
): P | NoProtocol {
  try {
    const built: unknown = factory.buildProtocol(peer, session)
    if (built === undefined || built === null)
      return new NoProtocol(address, 'its factory refused the connection')
    assertProtocol(built, factory)
    // The cast is safe: it has the callbacks of a protocol, and a `ProtocolFactory<P>` built it.
    return built as P
  } catch (error) {
    const label = `${factoryName(factory)} ${formatAddress(peer)}`
    const text = 'A factory failed to build a protocol; the connection is refused'
    reactor.log({ level: 'error', text, label, source: factory, error })
    return new NoProtocol(address, 'its factory failed to build a protocol', error)
  }
}

/** Ends a connection that has no protocol: closes it, or aborts it when its factory has failed. */
export function refuseConnection(transport: Transport, { cause }: NoProtocol): void {
  if (cause === undefined) transport.loseConnection()
  else transport.abortConnection(cause)
}

/** Returns the name of a factory's class; for a factory that wraps another, the class of the wrapped one. */
export function factoryName(factory: object): string {
  let inner: object = factory
  for (let depth = 0; depth < MAX_WRAPPED; depth++) {
    const next: unknown = 'wrappedFactory' in inner ? inner.wrappedFactory : undefined
    if (typeof next !== 'object' || next === null) break
    inner = next
  }
  const maker: unknown = Reflect.get(inner, 'constructor')
  return (typeof maker === 'function' && maker.name) || 'A factory without a name'
}

/** @throws {TypeError} unless `built` is a protocol. The message names what to return instead. */
function assertProtocol(built: unknown, factory: object): asserts built is ProtocolEvents {
  const given = `what buildProtocol of ${factoryName(factory)} returned`
  assertNotPromise(
    built,
    `Cannot connect ${given}, a promise: return the protocol itself, and wait in its connectionMade`,
  )
  const isObject = typeof built === 'object' && built !== null
  const missing = isObject
    ? CALLBACKS.filter((name) => typeof Reflect.get(built, name) !== 'function')
    : CALLBACKS
  if (missing.length === 0) return
  const what = kindOf(built)
  throw new TypeError(
    `Cannot connect ${given}, ${what}: it has no ${missing.join(', ')}; ` +
      'return a new Protocol, or undefined to refuse the connection',
  )
}

function kindOf(built: unknown): string {
  if (typeof built === 'function') return `the class ${built.name}`
  if (typeof built !== 'object' || built === null) return String(built)
  const maker: unknown = Reflect.get(built, 'constructor')
  return typeof maker === 'function' ? maker.name : 'an object'
}

/** A connection after `makeConnection` of its protocol was called. */
export interface StartedConnection<P> {
  readonly protocol: P
  readonly transport: Transport
  /**
   * Resolves when the promise that `makeConnection` returned has settled; undefined when it returned none.
   */
  readonly settled: Promise<void> | undefined
}

/** Makes `protocol` the current protocol of a connection that is up. */
export function switchTo<P extends ProtocolEvents>(
  transport: Transport,
  protocol: P,
  unread?: Buffer,
): StartedConnection<P> {
  const connection = StreamTransport.connectionOf(transport)
  const settled = connection?.switchProtocol(protocol, unread)
  if (connection === undefined) transport.switchProtocol(protocol, unread)
  return { protocol, transport, settled }
}

/**
 * Resolves with the protocol when its `connectionMade` has returned and the promise it returned, if any, has
 * settled.
 *
 * @param address The address to connect to, for the error.
 * @throws {NoProtocol} (rejects) when the connection is aborted or lost by then. Its cause is the error
 *   thrown.
 */
export function whenReady<P>(
  { protocol, transport, settled }: StartedConnection<P>,
  address: Address,
): Promise<P> {
  const failed = (): boolean =>
    !transport.connected || StreamTransport.connectionOf(transport)?.aborted === true
  if (settled === undefined && !failed()) return Promise.resolve(protocol)
  return new Promise((resolve, reject) => {
    const { signal } = transport
    const forget = onAbort(signal, () => reject(neverReady(address, signal.reason as ConnectionClosed)))
    void settled?.then(() => {
      if (failed()) return
      forget()
      resolve(protocol)
    })
  })
}

/** Returns the error for a connection that was up and ended with `reason` before its protocol was ready. */
export function neverReady(address: Address, reason: ConnectionClosed): ConnectError {
  const cause = reason.cause ?? reason
  if (cause instanceof ConnectError) return cause
  const text = cause instanceof Error ? cause.message : 'see the cause'
  return new NoProtocol(address, `the connection ended before connectionMade had returned: ${text}`, cause)
}

/**
 * Calls `doStart` of a factory when a port or connector starts to use it. A promise that it returns is not
 * awaited; its rejection is logged.
 *
 * @throws {unknown} what `doStart` throws.
 */
export function startFactory(factory: ProtocolFactory, reactor: ReactorLog): void {
  void settleSafely(factory.doStart(), (error) =>
    reactor.log({ level: 'error', text: 'A factory failed to start', error }),
  )
}

/** Calls `doStop` of a factory when a port no longer uses it. An error is logged. */
export function stopFactory(factory: ProtocolFactory, reactor: ReactorLog, label?: string): void {
  void callSafely(
    () => factory.doStop(),
    (error) => reactor.log({ level: 'error', text: 'A factory failed to stop', label, error }),
  )
}

const CALLBACKS = ['makeConnection', 'dataReceived', 'connectionLost'] as const
/** Bounded, because a chain of wrapped factories may contain a cycle by mistake. */
const MAX_WRAPPED = 16
