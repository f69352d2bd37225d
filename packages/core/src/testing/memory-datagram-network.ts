import { udpAddress, type UDPAddress } from '../addresses.ts'
import {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from '../datagram/datagram-wire.ts'
import type { Turn, TurnEnder } from '../transport/connection-registry.ts'

/**
 * The UDP ports of one memory reactor. Hosts are not told apart, their families are; an address that
 * ends with .255 is every host. No datagram is lost or overtaken.
 */
export class MemoryDatagramNetwork implements DatagramCarrier {
  readonly turn: Turn
  readonly #wires = new Set<MemoryDatagramWire>()
  #lastPort = 49_151

  constructor(turn: Turn) {
    this.turn = turn
  }

  /** Rejects with EADDRINUSE when another has the address, unless both would share it. */
  async bind(asked: DatagramBinding): Promise<DatagramWire> {
    const binding = asked.address.port === 0 ? this.#onFreePort(asked) : asked
    if (this.#isTaken(binding)) throw systemError('EADDRINUSE')
    const wire = new MemoryDatagramWire(this, binding)
    this.#wires.add(wire)
    return wire
  }

  remove(wire: MemoryDatagramWire): void {
    this.#wires.delete(wire)
  }

  carry(sender: MemoryDatagramWire, data: Buffer, to: UDPAddress): void {
    const toAll = isBroadcast(to.host)
    if (toAll && !sender.mayBroadcast) return sender.fail('EACCES')
    const from = sender.sourceFor(to.family)
    const hearing = Array.from(this.#wires).filter((wire) => wire.hears(from, to))
    const reached = isMulticast(to.host)
      ? hearing.filter((wire) => sender.loops && wire.isIn(to.host))
      : // Of several that share an address, the system prefers the latest.
        hearing.slice(toAll ? 0 : -1)
    for (const wire of reached) wire.receive(Buffer.from(data), from)
    if (reached.length === 0 && !isMulticast(to.host)) sender.refuse()
  }

  #onFreePort(asked: DatagramBinding): DatagramBinding {
    let binding: DatagramBinding
    do binding = { ...asked, address: udpAddress(asked.address.host, ++this.#lastPort) }
    while (this.#isTaken({ ...binding, reuseAddress: false }))
    return binding
  }

  #isTaken(binding: DatagramBinding): boolean {
    return Array.from(this.#wires).some(
      (wire) =>
        wire.address.port === binding.address.port &&
        overlap(wire.binding, binding) &&
        !(wire.binding.reuseAddress && binding.reuseAddress),
    )
  }
}

function overlap(one: DatagramBinding, other: DatagramBinding): boolean {
  return FAMILIES.some((family) => bindingSpeaks(one, family) && bindingSpeaks(other, family))
}

function isBroadcast(host: string): boolean {
  return host.endsWith('.255')
}

/** One UDP port in memory. What it sends arrives at the end of the turn, also when it is closed by then. */
export class MemoryDatagramWire implements DatagramWire, TurnEnder {
  readonly binding: DatagramBinding
  /** Whether other ports hear what this one sends to a group. */
  loops = true
  mayBroadcast = false
  readonly #network: DatagramCarrier
  readonly #groups = new Set<string>()
  #events: DatagramWireEvents | undefined
  #peer: UDPAddress | undefined
  #queue: Datagram[] = []

  constructor(network: DatagramCarrier, binding: DatagramBinding) {
    this.#network = network
    this.binding = binding
  }

  get address(): UDPAddress {
    return this.binding.address
  }

  get bufferedBytes(): number {
    return this.#queue.reduce((bytes, { data }) => bytes + data.length, 0)
  }

  attach(events: DatagramWireEvents): void {
    this.#events = events
  }

  send(data: Uint8Array, to: UDPAddress): void {
    if (this.#queue.push({ data: Buffer.from(data), to }) === 1) this.#network.turn.schedule(this)
  }

  turnEnded(): void {
    const queue = this.#queue
    this.#queue = []
    for (const { data, to } of queue) this.#network.carry(this, data, to)
  }

  /** Where what it sends to an address of `family` seems to come from. */
  sourceFor(family: 4 | 6): UDPAddress {
    const { host, port } = this.address
    const anywhere = host === '0.0.0.0' || host === '::'
    return anywhere ? udpAddress(family === 4 ? '127.0.0.1' : '::1', port) : this.address
  }

  /** Whether a datagram from `from` to `to` is for it, groups apart. */
  hears(from: UDPAddress, to: UDPAddress): boolean {
    const fromPeer = this.#peer === undefined || this.#peer.port === from.port
    return fromPeer && this.address.port === to.port && bindingSpeaks(this.binding, to.family)
  }

  /** Whether it has joined `group`, on any interface. */
  isIn(group: string): boolean {
    return Array.from(this.#groups).some((membership) => membership.startsWith(`${group} `))
  }

  /** A datagram has come for it. */
  receive(data: Buffer, from: UDPAddress): void {
    // Hosts are not distinguished: whatever has the peer's port is the peer.
    this.#events?.received(data, this.#peer ?? from)
  }

  /** What it sent cannot be sent. */
  fail(code: string): void {
    this.#events?.failed(systemError(code))
  }

  /** Nobody listens where it has sent to, which only a connected port is told. */
  refuse(): void {
    if (this.#peer !== undefined) this.fail('ECONNREFUSED')
  }

  connect(peer: UDPAddress): UDPAddress {
    this.#peer = peer
    return peer
  }

  joinGroup(group: string, via?: string): void {
    if (!isMulticast(group)) throw systemError('EINVAL')
    if (this.#groups.has(membershipOf(group, via))) throw systemError('EADDRINUSE')
    this.#groups.add(membershipOf(group, via))
  }

  leaveGroup(group: string, via?: string): void {
    if (!this.#groups.delete(membershipOf(group, via))) throw systemError('EADDRNOTAVAIL')
  }

  setLoopbackMode(enabled: boolean): void {
    this.loops = enabled
  }

  setBroadcastAllowed(allowed: boolean): void {
    this.mayBroadcast = allowed
  }

  /** In memory there are no routers. */
  setTTL(): void {}

  /** In memory there are no routers. */
  setMulticastTTL(): void {}

  /** In memory there is one network. */
  setOutgoingInterface(): void {}

  async close(): Promise<void> {
    this.#network.remove(this)
  }
}

/** The network as its wires see it. */
export interface DatagramCarrier {
  readonly turn: Turn
  /** Takes `data` from `sender` to whoever listens at `to`. */
  carry(sender: MemoryDatagramWire, data: Buffer, to: UDPAddress): void
  /** The wire hears nothing more. */
  remove(wire: MemoryDatagramWire): void
}

/** Whether `host` is a multicast group. */
export function isMulticast(host: string): boolean {
  return /^(?:22[4-9]|23\d)\.|^ff[\da-f]{2}:/i.test(host)
}

/** An error as the operating system's are. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`The network in memory reports ${code}`), { code })
}

interface Datagram {
  readonly data: Buffer
  readonly to: UDPAddress
}

function membershipOf(group: string, via: string = ''): string {
  return `${group} ${via}`
}

const FAMILIES = [4, 6] as const
