import { type UDPAddress, udpAddress } from '@ropewalk/core/udp'
import {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from '@ropewalk/core/reactor'
import type { DatagramReceiver, Machine, HostKernel } from './host-kernel.ts'
import { isLoopback, isWildcard, listensAt, reachedAs } from './interfaces.ts'

/** A UDP socket of a host; to its program, a wire. Datagrams that it sends may be lost, duplicated or reordered. */
export class SimulatedDatagramWire implements DatagramWire, DatagramReceiver {
  readonly address: UDPAddress
  readonly bufferedBytes = 0
  readonly binding: DatagramBinding
  readonly #life: HostKernel
  readonly #groups = new Set<string>()
  #events: DatagramWireEvents | undefined
  #peer: UDPAddress | undefined
  #loops = true
  /** The address of the interface on which datagrams to groups are sent. */
  #outgoing: string | undefined

  constructor(life: HostKernel, binding: DatagramBinding) {
    this.#life = life
    this.binding = binding
    this.address = binding.address
  }

  attach(events: DatagramWireEvents): void {
    this.#events = events
  }

  send(data: Uint8Array, to: UDPAddress): void {
    const copy = Buffer.from(data)
    const from = udpAddress(this.#sourceFor(to.host), this.address.port)
    const { host } = this.#life
    const targets = this.#targets(to)
    if (isLoopback(from.host) && targets.some((target) => target !== host)) return this.#fail('EINVAL')
    for (const target of targets) this.#carry(copy, from, to, target)
  }

  /** A datagram for this socket arrived at its host. */
  receive(data: Buffer, from: UDPAddress): void {
    this.#life.execute(() => this.#events?.received(Buffer.from(data), from))
  }

  /** Whether this socket may receive a datagram from `from` to `to`. */
  receives(from: UDPAddress, to: UDPAddress): boolean {
    const peer = this.#peer
    if (peer !== undefined && (peer.host !== from.host || peer.port !== from.port)) return false
    if (to.port !== this.address.port || !bindingSpeaks(this.binding, to.family)) return false
    return listensAt(this.address.host, to.host, this.binding.ipv6Only)
  }

  /** Whether it has joined a group. */
  isIn(group: string): boolean {
    return this.#groups.has(group)
  }

  /** How closely it fits a datagram that only one socket receives: a connected socket, then one on one address. */
  get preference(): number {
    return (this.#peer === undefined ? 0 : 2) + (isWildcard(this.address.host) ? 0 : 1)
  }

  connect(peer: UDPAddress): UDPAddress {
    this.#peer = udpAddress(reachedAs(peer.host), peer.port)
    return this.#peer
  }

  joinGroup(group: string): void {
    if (!isGroup(group)) throw systemError('EINVAL')
    if (this.#groups.has(group)) throw systemError('EADDRINUSE')
    this.#groups.add(group)
  }

  leaveGroup(group: string): void {
    if (!this.#groups.delete(group)) throw systemError('EADDRNOTAVAIL')
  }

  setLoopbackMode(enabled: boolean): void {
    this.#loops = enabled
  }

  /** No effect: every host is on the same network. */
  setTTL(): void {}

  /** No effect: every host is on the same network. */
  setMulticastTTL(): void {}

  setOutgoingInterface(via: string): void {
    if (!this.#life.host.interfaces.has(via)) throw systemError('EADDRNOTAVAIL')
    this.#outgoing = via
  }

  /** No effect: broadcasts are not simulated. */
  setBroadcastAllowed(): void {}

  async close(): Promise<void> {
    this.#life.freeDatagrams(this)
  }

  /** The source address of a datagram to `to`. */
  #sourceFor(to: string): string {
    const { interfaces } = this.#life.host
    if (!isWildcard(this.address.host)) return this.address.host
    if (!isGroup(to)) return interfaces.sourceFor(reachedAs(to))
    return this.#outgoing ?? (to.includes(':') ? interfaces.ipv6 : interfaces.ipv4)
  }

  #targets(to: UDPAddress): readonly Machine[] {
    const { network, host } = this.#life
    if (!isGroup(to.host)) {
      const reached = reachedAs(to.host)
      const target = host.interfaces.has(reached) ? host : network.stationAt(reached)
      return target === undefined ? [] : [target]
    }
    // The loopback interface brings back what is sent on it, whatever the loopback mode.
    if (isLoopback(this.#outgoing ?? this.address.host)) return [host]
    return Array.from(network.setup.stations()).filter((station) => this.#loops || station !== host)
  }

  #carry(data: Buffer, from: UDPAddress, to: UDPAddress, target: Machine): void {
    const { network, host } = this.#life
    const link = network.link(host, target)
    network.stats.datagrams++
    const reached = isGroup(to.host) ? to : udpAddress(reachedAs(to.host), to.port)
    const arrived = (): void => {
      const receivers = target.life?.datagramsAt(from, reached) ?? []
      for (const socket of receivers) socket.receive(data, from)
      if (receivers.length === 0 && !isGroup(to.host)) this.#refused(target)
    }
    const packet = {
      what: 'datagram',
      bytes: data.length + HEADER_BYTES,
      payload: data,
      arrived,
    }
    link.carry(packet)
    if (network.setup.random.chance(link.conditions.duplicatesPerMille / 1000)) link.carry(packet)
  }

  /** No socket is bound there. The system reports that only to a connected socket. */
  #refused(target: Machine): void {
    if (this.#peer === undefined) return
    const { network, host } = this.#life
    const arrived = (): void => this.#fail('ECONNREFUSED')
    network.link(target, host).carry({ what: 'ICMP', bytes: HEADER_BYTES, arrived })
  }

  #fail(code: string): void {
    this.#life.executeSoon(() => this.#events?.failed(systemError(code)))
  }
}

/** Whether an address is that of a multicast group. */
export function isGroup(host: string): boolean {
  return /^(?:22[4-9]|23\d)\.|^ff[\da-f]{2}:/i.test(host)
}

function systemError(code: string): Error {
  return Object.assign(new Error(`The simulated network reports ${code}`), { code })
}

const HEADER_BYTES = 28
