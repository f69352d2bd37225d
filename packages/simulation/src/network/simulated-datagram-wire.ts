import { type UDPAddress, udpAddress } from '@ropewalk/core/udp'
import {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from '@ropewalk/core/reactor'
import type { DatagramReceiver, Machine, HostKernel } from './host-kernel.ts'
import { isLoopback } from './interfaces.ts'

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

  constructor(life: HostKernel, binding: DatagramBinding) {
    this.#life = life
    this.binding = binding
    this.address = udpAddress(life.host.interfaces.ipv4, binding.address.port)
  }

  attach(events: DatagramWireEvents): void {
    this.#events = events
  }

  send(data: Uint8Array, to: UDPAddress): void {
    const copy = Buffer.from(data)
    for (const target of this.#targets(to)) this.#carry(copy, to, target)
  }

  /** A datagram for this socket arrived at its host. */
  receive(data: Buffer, from: UDPAddress): void {
    this.#life.execute(() => this.#events?.received(Buffer.from(data), from))
  }

  /** Whether this socket receives a datagram from `from` to `to`. */
  receives(from: UDPAddress, to: UDPAddress): boolean {
    const peer = this.#peer
    if (peer !== undefined && (peer.host !== from.host || peer.port !== from.port)) return false
    if (to.port !== this.address.port || !bindingSpeaks(this.binding, to.family)) return false
    return !isGroup(to.host) || this.#groups.has(to.host)
  }

  connect(peer: UDPAddress): UDPAddress {
    this.#peer = isLoopback(peer.host) ? udpAddress(this.address.host, peer.port) : peer
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

  /** No effect: every host has one interface. */
  setOutgoingInterface(): void {}

  /** No effect: broadcasts are not simulated. */
  setBroadcastAllowed(): void {}

  async close(): Promise<void> {
    this.#life.freeDatagrams(this)
  }

  #targets(to: UDPAddress): readonly Machine[] {
    const { network, host } = this.#life
    if (!isGroup(to.host)) {
      const target = isLoopback(to.host) ? host : network.stationAt(to.host)
      return target === undefined ? [] : [target]
    }
    return Array.from(network.setup.stations()).filter((station) => this.#loops || station !== host)
  }

  #carry(data: Buffer, to: UDPAddress, target: Machine): void {
    const { network, host } = this.#life
    const link = network.link(host, target)
    network.stats.datagrams++
    const arrived = (): void => {
      const receivers = target.life?.datagramsAt(this.address, to) ?? []
      for (const socket of receivers) socket.receive(data, this.address)
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
    const arrived = (): void => this.#life.execute(() => this.#events?.failed(systemError('ECONNREFUSED')))
    network.link(target, host).carry({ what: 'ICMP', bytes: HEADER_BYTES, arrived })
  }
}

function isGroup(host: string): boolean {
  return /^(?:22[4-9]|23\d)\.|^ff[\da-f]{2}:/i.test(host)
}

function systemError(code: string): Error {
  return Object.assign(new Error(`The simulated network reports ${code}`), { code })
}

const HEADER_BYTES = 28
