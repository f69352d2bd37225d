import { formatAddress, type UDPAddress } from '../addresses.ts'
import type {
  DatagramDrops,
  DatagramEvents,
  DatagramTransport,
  ListenUDPOptions,
  UDPDestination,
} from '../interfaces/datagram.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import {
  codeOf,
  InvalidAddressError,
  LocalProtocolError,
  MessageLengthError,
  MulticastJoinError,
  NotConnectedError,
} from '../errors.ts'
import { callSafely } from '../safely.ts'
import { assertBytes } from '../bytes/byte-queue.ts'
import type { FilledOptions } from '../options/check-options.ts'
import { bindDatagramWire, type DatagramPortSetup } from './bind-datagram-wire.ts'
import { bindingSpeaks, type DatagramBinding } from './datagram-binding.ts'
import type { DatagramWire, DatagramWireEvents } from './datagram-wire.ts'
import { DropCounter } from './drop-record.ts'
import { assertNumeric, assertWithin, numericAddress } from './numeric-address.ts'

/** A UDP port, whatever carries its datagrams. */
export class DatagramPort implements DatagramTransport, DatagramWireEvents {
  readonly reactor: Reactor
  readonly protocol: DatagramEvents
  readonly #registry: DatagramPortSetup['registry']
  readonly #binding: DatagramBinding
  readonly #wire: DatagramWire
  readonly #limits: DatagramLimits
  readonly #drops = new DropCounter((event) => this.#log({ level: 'warn', ...event }))
  #peer: UDPAddress | undefined
  /** Where the peer's datagrams come from. */
  #source: UDPAddress | undefined
  #pending = 0
  #started: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined

  private constructor(setup: DatagramPortSetup, binding: DatagramBinding, wire: DatagramWire) {
    this.reactor = setup.registry.reactor
    this.protocol = setup.protocol
    this.#registry = setup.registry
    this.#binding = binding
    this.#wire = wire
    const {
      maxPacketBytes = DEFAULT_DATAGRAM_LIMITS.maxPacketBytes,
      maxBufferedBytes = DEFAULT_DATAGRAM_LIMITS.maxBufferedBytes,
      maxPending = DEFAULT_DATAGRAM_LIMITS.maxPending,
    } = setup.options
    this.#limits = { maxPacketBytes, maxBufferedBytes, maxPending }
  }

  /**
   * Binds a wire and starts the protocol on it.
   *
   * @throws as `listenUDP` (rejects).
   */
  static async open(setup: DatagramPortSetup): Promise<DatagramPort> {
    const [binding, wire] = await bindDatagramWire(setup)
    const port = new DatagramPort(setup, binding, wire)
    await port.#start()
    return port
  }

  get listening(): boolean {
    return this.#stopped === undefined
  }

  get drops(): DatagramDrops {
    return this.#drops.counts
  }

  getHost(): UDPAddress {
    return this.#wire.address
  }

  write(data: Uint8Array | string, destination?: UDPDestination): boolean {
    assertBytes(data)
    const address = this.#addressOf(destination)
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    const maxBytes = MAX_DATAGRAM_BYTES[address.family]
    if (bytes.length > maxBytes) throw new MessageLengthError(bytes.length, maxBytes)
    if (!this.listening) return this.#dropWrite('late')
    const bufferedBytes = this.#wire.bufferedBytes + bytes.length
    if (bufferedBytes > this.#limits.maxBufferedBytes) return this.#dropWrite('unsent')
    this.#wire.send(bytes, address)
    return true
  }

  connect(host: string, port: number): void {
    this.#mustListen('connect')
    if (this.#peer !== undefined)
      throw new LocalProtocolError(`Cannot connect a port that is connected to ${formatAddress(this.#peer)}`)
    const peer = this.#reachable(host, port)
    this.#source = this.#wire.connect(peer)
    this.#peer = peer
  }

  joinGroup(group: string, via?: string): void {
    this.#changeMembership('joinGroup', group, via)
  }

  leaveGroup(group: string, via?: string): void {
    this.#changeMembership('leaveGroup', group, via)
  }

  setTTL(hops: number): void {
    this.#mustListen('setTTL')
    assertWithin(hops, 1, 255, 'a TTL')
    this.#wire.setTTL(hops)
  }

  setMulticastTTL(hops: number): void {
    this.#mustListen('setMulticastTTL')
    assertWithin(hops, 0, 255, 'a TTL')
    this.#wire.setMulticastTTL(hops)
  }

  setLoopbackMode(enabled: boolean): void {
    this.#mustListen('setLoopbackMode')
    this.#wire.setLoopbackMode(enabled)
  }

  setOutgoingInterface(via: string): void {
    this.#mustListen('setOutgoingInterface')
    assertNumeric(via)
    try {
      this.#wire.setOutgoingInterface(via)
    } catch (cause) {
      throw new InvalidAddressError(via, 'it is no address of a network interface here', cause)
    }
  }

  setBroadcastAllowed(allowed: boolean): void {
    this.#mustListen('setBroadcastAllowed')
    this.#wire.setBroadcastAllowed(allowed)
  }

  stopListening(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening()
  }

  received(data: Buffer, from: UDPAddress): void {
    if (!this.listening) return
    if (!this.#isForProtocol(from)) return this.#drops.add('stranger')
    if (data.length > this.#limits.maxPacketBytes) return this.#drops.add('tooLong')
    if (this.#pending >= this.#limits.maxPending) return this.#drops.add('unread')
    const settled = this.#contained(() => this.protocol.datagramReceived(data, from))
    if (settled === undefined) return
    this.#pending++
    void settled.then(() => this.#pending--)
  }

  failed(error: Error): void {
    if (!this.listening) return
    const refused = this.#peer !== undefined && codeOf(error) === 'ECONNREFUSED'
    if (refused) void this.#contained(() => this.protocol.connectionRefused())
    else this.#drops.add('failed', error)
  }

  async #start(): Promise<void> {
    this.#wire.attach(this)
    this.#registry.portOpened(this)
    this.#started = this.#startProtocol()
    try {
      await this.#started
    } catch (error) {
      await this.stopListening()
      throw error
    }
  }

  /** Its own method, so that a throw is a rejection. */
  async #startProtocol(): Promise<void> {
    await this.protocol.makeConnection(this)
  }

  async #stop(): Promise<void> {
    this.#registry.portClosed(this)
    await this.#wire.close()
    void this.#started.then(
      () => this.#contained(() => this.protocol.doStop()),
      // A protocol that could not start need not stop.
      () => undefined,
    )
  }

  /** The system lets through what it had queued before it was connected. */
  #isForProtocol(from: UDPAddress): boolean {
    const source = this.#source
    return source === undefined ? this.protocol.peerOnly !== true : isSame(source, from)
  }

  #addressOf(destination: UDPDestination | undefined): UDPAddress {
    const peer = this.#peer
    if (destination === undefined) {
      if (peer !== undefined) return peer
      throw new LocalProtocolError('Cannot write without a destination: the port is not connected')
    }
    const address = this.#reachable(destination.host, destination.port)
    if (peer === undefined || isSame(peer, address)) return address
    throw new LocalProtocolError(
      `Cannot write to ${formatAddress(address)}: the port is connected to ${formatAddress(peer)}`,
    )
  }

  #reachable(host: string, port: number): UDPAddress {
    const address = numericAddress(host, port, 1)
    if (bindingSpeaks(this.#binding, address.family)) return address
    throw new InvalidAddressError(host, `the port is bound to ${formatAddress(this.getHost())}`)
  }

  #changeMembership(change: 'joinGroup' | 'leaveGroup', group: string, via: string | undefined): void {
    this.#mustListen(change)
    assertNumeric(group)
    if (via !== undefined) assertNumeric(via)
    try {
      this.#wire[change](group, via)
    } catch (cause) {
      throw new MulticastJoinError(change === 'joinGroup' ? 'join' : 'leave', group, cause)
    }
  }

  #mustListen(attempt: string): void {
    if (!this.listening) throw new NotConnectedError(`Cannot ${attempt} on a UDP port that is closed`)
  }

  #dropWrite(why: 'unsent' | 'late'): false {
    this.#drops.add(why)
    return false
  }

  #contained(call: () => unknown): Promise<void> | undefined {
    return callSafely(call, (error) =>
      this.#log({ level: 'error', text: 'A datagram protocol failed; its port stays open', error }),
    )
  }

  #log(event: Omit<LogEvent, 'label'>): void {
    const label = `${this.protocol.constructor.name} ${formatAddress(this.getHost())}`
    this.reactor.log({ ...event, label })
  }
}

function isSame(one: UDPAddress, other: UDPAddress): boolean {
  return one.port === other.port && one.host === other.host
}

type DatagramLimits = FilledOptions<
  Pick<ListenUDPOptions, 'maxPacketBytes' | 'maxBufferedBytes' | 'maxPending'>
>

const DEFAULT_DATAGRAM_LIMITS: DatagramLimits = {
  maxPacketBytes: 8_192,
  maxBufferedBytes: 1_048_576,
  maxPending: 1_024,
}

/** What 16 bits of length leave for the data: behind the headers of IPv4 and UDP, and of UDP alone in IPv6. */
const MAX_DATAGRAM_BYTES = { 4: 65_507, 6: 65_527 } as const
