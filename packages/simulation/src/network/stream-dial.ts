import { type Address, formatAddress, tcpAddress, unixAddress } from '@ropewalk/core'
import { type ConnectAttempt, connectFailure, type DialEvents } from '@ropewalk/core/reactor'
import type { HostKernel } from './host-kernel.ts'
import { isWildcard, reachedAs } from './interfaces.ts'
import type { Endpoint } from './segment.ts'
import { endpointOf } from './simulated-port.ts'
import { SimulatedWire } from './simulated-wire.ts'
import { isTooLong, UNIX } from './tcp-stack.ts'

/** One attempt to connect to a numeric address or a path. */
export class StreamDial implements ConnectAttempt {
  readonly #life: HostKernel
  readonly #address: Address
  readonly #events: DialEvents
  #wire: SimulatedWire | undefined
  #wanted = true

  /**
   * @param bindAddress The local address to connect from; undefined for the usual one.
   * @param bindPort The local port to connect from; 0 for any.
   * @throws {Error} with the code `ENAMETOOLONG` when the path of a UNIX socket is too long.
   */
  constructor(
    life: HostKernel,
    address: Address,
    events: DialEvents,
    bindAddress: string | undefined,
    bindPort: number = 0,
  ) {
    this.#life = life
    this.#address = address
    this.#events = events
    if (address.type === 'UNIX' && isTooLong(address.path))
      throw Object.assign(new Error(`connect ENAMETOOLONG ${address.path}`), { code: 'ENAMETOOLONG' })
    if (!life.takeDescriptor()) {
      this.#failSoon('EMFILE', 'socket EMFILE: too many descriptors are open')
      return
    }
    const code = this.#obstacle(bindAddress)
    if (code === undefined) this.#begin(bindAddress, bindPort)
    else {
      life.freeDescriptor()
      this.#failSoon(code, `connect ${code}`)
    }
  }

  cancel(): void {
    if (!this.#wanted) return
    this.#wanted = false
    this.#life.freeDescriptor()
    this.#wire?.connection?.close()
  }

  /** Returns the code of the error with which the system call fails at once. */
  #obstacle(bindAddress: string | undefined): string | undefined {
    const { host, stack } = this.#life
    if (this.#address.type === 'TCP') {
      if (bindAddress === undefined) return undefined
      if (bindAddress.includes(':') !== this.#address.host.includes(':')) return 'EINVAL'
      return isWildcard(bindAddress) || host.interfaces.has(bindAddress) ? undefined : 'EADDRNOTAVAIL'
    }
    const { path } = this.#address
    if (!host.socketFiles.has(path)) return 'ENOENT'
    const isOpen = Array.from(stack.ports).some(
      ({ endpoint }) => endpoint.host === UNIX && endpoint.port === path,
    )
    return isOpen ? undefined : 'ECONNREFUSED'
  }

  #begin(bindAddress: string | undefined, bindPort: number): void {
    const { host, network, stack } = this.#life
    const { host: reached, port } = endpointOf(this.#address)
    const remote: Endpoint = { host: reachedAs(reached), port }
    const usual = reached === UNIX ? UNIX : host.interfaces.sourceFor(remote.host)
    const from = bindAddress === undefined || isWildcard(bindAddress) ? usual : bindAddress
    const isLocal = reached === UNIX || host.interfaces.has(remote.host)
    const peerHost = isLocal ? host.name : (network.stationAt(remote.host)?.name ?? '')
    let number: number
    try {
      number = stack.portTowards(from, remote, bindPort)
    } catch {
      this.#life.freeDescriptor()
      this.#failSoon('EADDRNOTAVAIL', 'connect EADDRNOTAVAIL')
      return
    }
    const local: Endpoint = { host: from, port: reached === UNIX ? `#${number}` : number }
    const wire: SimulatedWire = new SimulatedWire(peerHost, this.#life, {
      established: () => this.#established(wire, local, remote),
      failed: (code) => this.#fail(code),
    })
    this.#wire = wire
    wire.connect(stack.connect(local, remote, wire))
  }

  #established(wire: SimulatedWire, local: Endpoint, remote: Endpoint): void {
    this.#wanted = false
    const life = this.#life
    const isUNIX = this.#address.type === 'UNIX'
    // As with Node, the peer of a UNIX socket has no path.
    const peerAddress = isUNIX ? unixAddress('') : tcpAddress(remote.host, Number(remote.port))
    const localAddress = isUNIX ? this.#address : tcpAddress(local.host, Number(local.port))
    life.endOpened(wire)
    life.network.setup.trace.note(
      life.host.name,
      `connected to ${formatAddress(isUNIX ? this.#address : peerAddress)}`,
    )
    life.execute(() =>
      this.#events.connected({ wire, localAddress, peerAddress, attach: (events) => wire.attach(events) }),
    )
  }

  #fail(code: string): void {
    this.#wanted = false
    this.#life.freeDescriptor()
    this.#life.execute(() => this.#events.failed(this.#failure(code, `connect ${code}`)))
  }

  #failSoon(code: string, message: string): void {
    this.#wanted = false
    this.#life.executeSoon(() => this.#events.failed(this.#failure(code, message)))
  }

  #failure(code: string, message: string): Error {
    return connectFailure(this.#address, Object.assign(new Error(message), { code }))
  }
}
