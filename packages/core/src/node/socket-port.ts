import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { type Address, formatAddress, tcpAddress } from '../addresses.ts'
import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { AcceptOptions, ListeningPort } from '../interfaces/reactor.ts'
import { CannotListenError, LocalProtocolError } from '../errors.ts'
import type { ReactorLifecycle } from '../reactor/reactor-lifecycle.ts'
import { Acceptor } from '../transport/acceptor.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { WireEvents } from '../interfaces/wire.ts'
import { checkingListener, closeRefused } from './descriptor.ts'
import { localAddressOf, peerAddressOf, SocketWire } from './socket-wire.ts'
import { assertUnixPath, creatingPrivately, isNamedPipe, removeStaleSocket } from './unix-socket.ts'
import { startFactory, stopFactory } from '../transport/build-protocol.ts'

/** Where and how to listen. */
export interface SocketPortSetup<A extends Address = Address> {
  readonly registry: ReactorLifecycle
  readonly factory: ProtocolFactory
  readonly address: A
  /** `fd` is a socket that other code has opened and that listens already. */
  readonly listen: ListenOptions & { readonly fd?: number }
  /** Permission bits of a UNIX socket's file. */
  readonly mode?: number | undefined
  /** Whether to remove the file of a UNIX socket on which no program listens. */
  readonly removeStale?: boolean | undefined
  readonly accept?: AcceptOptions
}

/** A listening socket, TCP or UNIX, and the connections it accepts. */
export class SocketPort<A extends Address = Address> implements ListeningPort<A> {
  readonly factory: ProtocolFactory
  readonly #setup: SocketPortSetup<A>
  readonly #acceptor: Acceptor
  #server: Server
  #suspended = false
  #address: A
  #stopped: Promise<void> | undefined
  #resuming: Promise<void> | undefined

  private constructor(setup: SocketPortSetup<A>) {
    this.#setup = setup
    this.factory = setup.factory
    this.#address = setup.address
    this.#acceptor = new Acceptor(setup.registry, setup.factory, setup.accept)
    this.#server = this.#newServer()
  }

  /**
   * Listens; resolves once bound.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be bound.
   */
  static async open<A extends Address>(setup: SocketPortSetup<A>): Promise<SocketPort<A>> {
    const port = new SocketPort(setup)
    await port.#start()
    return port
  }

  get connections(): ReadonlySet<Transport> {
    return this.#acceptor.connections
  }

  getHost(): A {
    return this.#address
  }

  async suspend(): Promise<void> {
    await this.#resuming
    if (this.#suspended || this.#stopped !== undefined) return
    if (this.#setup.listen.fd !== undefined)
      throw new LocalProtocolError('Cannot suspend an adopted port: its descriptor cannot be reopened')
    this.#suspended = true
    this.#server.close()
    await nextTurn()
  }

  resume(): Promise<void> {
    this.#resuming ??= this.#reopen().finally(() => {
      this.#resuming = undefined
    })
    return this.#resuming
  }

  async #reopen(): Promise<void> {
    if (!this.#suspended || this.#stopped !== undefined) return
    this.#server = this.#newServer()
    await this.#listen()
    // The port may have been stopped while it was binding.
    if (this.#stopped === undefined) this.#suspended = false
    else this.#server.close()
  }

  stopListening(): Promise<void> {
    this.#stopped ??= this.#close()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening()
  }

  async #start(): Promise<void> {
    await this.#listen()
    try {
      startFactory(this.factory, this.#setup.registry.reactor)
    } catch (error) {
      this.#server.close()
      throw error
    }
    this.#setup.registry.portOpened(this)
  }

  #newServer(): Server {
    // Half-open, so that a peer that sends a request and then its FIN still receives the response.
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  async #listen(): Promise<void> {
    try {
      await this.#setup.registry.binding(this.#bind())
    } catch (cause) {
      this.#server.close()
      throw new CannotListenError(this.#address, cause)
    }
    this.#server.on('error', (error) => this.#failed(error))
  }

  async #bind(): Promise<void> {
    const { listen, mode, removeStale = false } = this.#setup
    const server = this.#server
    const mustListen = listen.fd === undefined ? undefined : checkingListener(listen.fd)
    if (listen.path !== undefined) assertUnixPath(listen.path)
    if (removeStale && listen.path !== undefined) await removeStaleSocket(listen.path)
    // After a suspension the port number of the first bind is used again.
    const again =
      this.#address.type === 'TCP' && listen.port !== undefined ? { port: this.#address.port } : {}
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      const bind = (): Server =>
        server.listen({ ...listen, ...again }, () => {
          server.off('error', reject)
          resolve()
        })
      if (mode === undefined) bind()
      else creatingPrivately(bind)
      if (listen.fd !== undefined && !server.listening) closeRefused(listen.fd)
    })
    mustListen?.()
    if (mode !== undefined && listen.path !== undefined && !isNamedPipe(listen.path))
      process.getBuiltinModule('node:fs').chmodSync(listen.path, mode)
    const bound = server.address()
    // For a path this is a string. The address of an adopted socket may become any Address.
    if (typeof bound === 'object' && bound !== null)
      this.#address = tcpAddress(bound.address, bound.port) as A
  }

  async #close(): Promise<void> {
    if (!this.#suspended) this.#server.close()
    this.#acceptor.close()
    this.#setup.registry.portClosed(this)
    await nextTurn()
    stopFactory(this.factory, this.#setup.registry.reactor, formatAddress(this.#address))
  }

  #failed(error: unknown): void {
    const label = formatAddress(this.#address)
    this.#setup.registry.reactor.log({ level: 'error', text: 'A listening port failed', label, error })
  }

  get #isWildcard(): boolean {
    return this.#address.type === 'TCP' && WILDCARDS.has(this.#address.host)
  }

  #accept(socket: Socket): void {
    const wire = new SocketWire(socket, this.#setup.registry.reactor)
    const peerAddress = peerAddressOf(socket, this.#address)
    if (peerAddress === undefined) return wire.close()
    // A port bound to one address knows the local address without a system call.
    const localAddress = this.#isWildcard ? localAddressOf(socket, this.#address) : this.#address
    const attach = (transport: WireEvents): void => wire.attach(transport)
    this.#acceptor.accept({ wire, localAddress, peerAddress, attach })
  }
}

/** The callback of `Server.close` waits for every connection, but the port is free in the next turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Hosts that mean all addresses of the machine. */
const WILDCARDS: ReadonlySet<string> = new Set(['::', '0.0.0.0'])
