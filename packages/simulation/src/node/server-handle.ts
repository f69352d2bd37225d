import { AsyncResource } from 'node:async_hooks'
import { tcpAddress, unixAddress } from '@ropewalk/core'
import type { Address, ListeningPort } from '@ropewalk/core'
import type { ConnectedWire } from '@ropewalk/core/reactor'
import type { SimulatedHost } from '../host/simulated-host.ts'
import type { NetInternals } from './internals.ts'
import { nameOf, StreamHandle } from './stream-handle.ts'
import { codeOf, statusOf } from './system-error.ts'

/** The handle of a `net.Server` on a host of the simulation, in the place of libuv's. */
export class ServerHandle {
  /** Node's callback for a new connection. */
  onconnection: ((status: number, stream: object) => void) | undefined
  /** Sets the fields of its argument to the address, and returns 0; undefined for a UNIX socket. */
  readonly getsockname: ((found: object) => number) | undefined
  readonly #host: SimulatedHost
  readonly #internals: NetInternals
  readonly #address: Address
  readonly #ipv6Only: boolean
  #port: ListeningPort | undefined

  /** @param port -1 when `address` is the path of a UNIX socket. */
  constructor(
    host: SimulatedHost,
    internals: NetInternals,
    {
      address,
      port,
      ipv6Only,
    }: { readonly address: string; readonly port: number; readonly ipv6Only: boolean },
  ) {
    this.#ipv6Only = ipv6Only
    this.#host = host
    this.#internals = internals
    this.#address = port === -1 ? unixAddress(address) : tcpAddress(address, port)
    this.getsockname = port === -1 ? undefined : (found) => this.#name(found, address, port)
  }

  /** @returns 0, or the status of an error. */
  listen(backlog: number): number {
    if (this.#host.isDown) return 0
    const accepted = AsyncResource.bind((wire: ConnectedWire) => this.#accepted(wire))
    try {
      this.#port = this.#host.reactor.listenForWires(this.#address, backlog, accepted, this.#ipv6Only)
      return 0
    } catch (error) {
      return statusOf(codeOf(error, 'EADDRINUSE'))
    }
  }

  /** Stops listening. `closed` is called in a later turn. */
  close(closed?: () => void): void {
    void this.#port?.stopListening()
    this.#port = undefined
    if (closed !== undefined) setImmediate(closed)
  }

  /** No effect: the simulation runs as long as the test lets time pass. */
  ref(): void {}

  /** No effect, as `ref`. */
  unref(): void {}

  /** Always true. */
  hasRef(): boolean {
    return true
  }

  #name(found: object, address: string, asked: number): number {
    const bound = this.#port?.getHost()
    Object.assign(found, nameOf(address, bound?.type === 'TCP' ? bound.port : asked))
    return 0
  }

  #accepted(connected: ConnectedWire): void {
    const handle = new StreamHandle(this.#host, this.#internals)
    // A socket on `::` gets the addresses of IPv4 in the form of IPv6.
    handle.accept(connected, this.#address.type === 'TCP' && this.#address.host === '::')
    this.onconnection?.(0, handle.stream)
  }
}
