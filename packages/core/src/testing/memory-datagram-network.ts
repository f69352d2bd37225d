import { udpAddress, type UDPAddress } from '../addresses.ts'
import {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from '../datagram/datagram-wire.ts'
import type { Turn, TurnEnder } from '../transport/connection-registry.ts'

/**
 * The UDP ports of one memory reactor. Address families are distinguished, hosts are not; an address that
 * ends with .255 is a broadcast. No datagram is lost or reordered.
 */
export class MemoryDatagramNetwork implements DatagramCarrier {
  readonly turn: Turn
  readonly #wires = new Set<MemoryDatagramWire>()
  #lastPort = 49_151

  constructor(turn: Turn) {
    this.turn = turn
  }

  /** Rejects with EADDRINUSE when another port has the address, unless both set `reuseAddress`. */
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
    const receivers = Array.from(this.#wires).filter((wire) => wire.receives(from, to))
    const reached = isMulticast(to.host)
      ? receivers.filter((wire) => sender.loops && wire.isIn(to.host))
      : // Of several ports that share an address, the latest receives the datagram.
        receivers.slice(toAll ? 0 : -1)
    for (const wire of reached) wire.receive(Buffer.from(data), from)
    if (reached.length === 0 && !isMulticast(to.host)) sender.destinationRefused()
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

/** One UDP port in memory. Its datagrams arrive at the end of the turn, even if it is closed by then. */
export class MemoryDatagramWire implements DatagramWire, TurnEnder {
  readonly binding: DatagramBinding
  /** Whether members of a group receive the datagrams that this port sends to it. */
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

  /** The source address of its datagrams to an address of `family`. */
  sourceFor(family: 4 | 6): UDPAddress {
    const { host, port } = this.address
    const anywhere = host === '0.0.0.0' || host === '::'
    return anywhere ? udpAddress(family === 4 ? '127.0.0.1' : '::1', port) : this.address
  }

  /** Whether a datagram from `from` to `to` is for this port, apart from group membership. */
  receives(from: UDPAddress, to: UDPAddress): boolean {
    const fromPeer = this.#peer === undefined || this.#peer.port === from.port
    return fromPeer && this.address.port === to.port && bindingSpeaks(this.binding, to.family)
  }

  /** Whether the port has joined `group`, on any interface. */
  isIn(group: string): boolean {
    return Array.from(this.#groups).some((membership) => membership.startsWith(`${group} `))
  }

  /** Delivers a datagram. */
  receive(data: Buffer, from: UDPAddress): void {
    // Hosts are not distinguished: a sender with the peer's port is the peer.
    this.#events?.received(data, this.#peer ?? from)
  }

  /** Reports that a datagram cannot be sent. */
  fail(code: string): void {
    this.#events?.failed(systemError(code))
  }

  /** Nothing listens at the destination: reports ECONNREFUSED if the port is connected. */
  destinationRefused(): void {
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
  /** Carries `data` from `sender` to the ports that listen at `to`. */
  carry(sender: MemoryDatagramWire, data: Buffer, to: UDPAddress): void
  /** The wire receives nothing more. */
  remove(wire: MemoryDatagramWire): void
}

/** Whether `host` is a multicast group. */
export function isMulticast(host: string): boolean {
  return /^(?:22[4-9]|23\d)\.|^ff[\da-f]{2}:/i.test(host)
}

/** Makes an error in the form of an operating system's error. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`The memory network reports ${code}`), { code })
}

interface Datagram {
  readonly data: Buffer
  readonly to: UDPAddress
}

function membershipOf(group: string, via: string = ''): string {
  return `${group} ${via}`
}

const FAMILIES = [4, 6] as const
