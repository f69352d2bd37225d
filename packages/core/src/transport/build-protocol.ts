import { type Address, formatAddress } from '../addresses.ts'
import { ConnectError, type ConnectionClosed, NoProtocol } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ReactorLog } from '../interfaces/reactor.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { settleSafely } from '../safely.ts'
import { StreamTransport } from './stream-transport.ts'

/** For which connection a factory is asked. */
export interface ConnectionInQuestion {
  readonly peer: Address
  /** Where TLS is. */
  readonly session?: TLSSession | undefined
  /** What the connection was asked for, where that is not the peer: the `address` of the error. */
  readonly address?: Address
  /** Where a fault of the factory is logged. */
  readonly reactor: ReactorLog
}

/**
 * Asks `factory` for the protocol of one connection: the one place where that is done, on both sides and over
 * every kind of connection. A throw, and a result that is no protocol, are logged once.
 *
 * @returns a NoProtocol, with the fault as its cause, when the connection is to be refused.
 */
export function buildProtocol<P extends ProtocolEvents>(
  factory: ProtocolFactory<P>,
  { peer, session, address = peer, reactor }: ConnectionInQuestion,
): P | NoProtocol {
  try {
    const built: unknown = factory.buildProtocol(peer, session)
    if (built === undefined || built === null)
      return new NoProtocol(address, 'its factory refused the connection')
    assertProtocol(built, factory)
    // It has the callbacks of a protocol, and is what this factory makes.
    return built as P
  } catch (error) {
    const label = `${factoryName(factory)} ${formatAddress(peer)}`
    const text = 'A factory failed to build a protocol; the connection is refused'
    reactor.log({ level: 'error', text, label, source: factory, error })
    return new NoProtocol(address, 'its factory failed to build a protocol', error)
  }
}

/** Ends a connection for which there is no protocol: with a close, or with an abort when its factory has failed. */
export function refuse(transport: Transport, { cause }: NoProtocol): void {
  if (cause === undefined) transport.loseConnection()
  else transport.abortConnection(cause)
}

/** The name of a factory's class; of one that stands before another, the other's. */
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

/** @throws {TypeError} with what to return instead. */
function assertProtocol(built: unknown, factory: object): asserts built is ProtocolEvents {
  const given = `what buildProtocol of ${factoryName(factory)} returned`
  const isObject = typeof built === 'object' && built !== null
  if (isObject && 'then' in built && typeof built.then === 'function') {
    // Its own failure would end the process, and is the consequence of this mistake.
    void settleSafely(built, () => undefined)
    throw new TypeError(
      `Cannot connect ${given}, a promise: return the protocol itself, and wait in its connectionMade`,
    )
  }
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

/** A protocol that has just got its connection. */
export interface Made<P> {
  readonly protocol: P
  readonly transport: Transport
  /** Resolves, never rejects, when what its `makeConnection` returned has settled; undefined when it has. */
  readonly making: Promise<void> | undefined
}

/** Makes `protocol` the current protocol of a connection that is up. */
export function giveConnection<P extends ProtocolEvents>(
  transport: Transport,
  protocol: P,
  unread?: Buffer,
): Made<P> {
  if (transport instanceof StreamTransport)
    return { protocol, transport, making: transport.makeNext(protocol, unread) }
  transport.switchProtocol(protocol, unread)
  return { protocol, transport, making: undefined }
}

/**
 * Resolves with the protocol once its `connectionMade` has returned, and the promise that it returned has settled.
 *
 * @param address Where the connection was to go, for the error.
 * @throws {NoProtocol} (rejects) when the connection is aborted or lost by then, with what was thrown as its cause.
 */
export function whenMade<P>({ protocol, transport, making }: Made<P>, address: Address): Promise<P> {
  const failed = (): boolean =>
    !transport.connected || (transport instanceof StreamTransport && transport.aborted)
  if (making === undefined && !failed()) return Promise.resolve(protocol)
  return new Promise((resolve, reject) => {
    const { signal } = transport
    const lost = (): void => reject(notMade(address, signal.reason as ConnectionClosed))
    if (signal.aborted) return lost()
    signal.addEventListener('abort', lost, { once: true })
    void making?.then(() => {
      if (failed()) return
      signal.removeEventListener('abort', lost)
      resolve(protocol)
    })
  })
}

/** Why a connection that was up came to no protocol, whose end was `reason`. */
export function notMade(address: Address, reason: ConnectionClosed): ConnectError {
  const cause = reason.cause ?? reason
  if (cause instanceof ConnectError) return cause
  const text = cause instanceof Error ? cause.message : 'see the cause'
  return new NoProtocol(address, `the connection ended before connectionMade had returned: ${text}`, cause)
}

/**
 * Tells a factory that somebody begins to use it.
 *
 * Nobody waits for an asynchronous `startFactory`: what it rejects with is logged.
 *
 * @throws {unknown} what a synchronous one throws.
 */
export function startFactory(factory: ProtocolFactory, reactor: ReactorLog): void {
  void settleSafely(factory.doStart(), (error) =>
    reactor.log({ level: 'error', text: 'A factory failed to start', error }),
  )
}

const CALLBACKS = ['makeConnection', 'dataReceived', 'connectionLost'] as const
/** Bounded, because a factory may lead back to itself by mistake. */
const MAX_WRAPPED = 16
