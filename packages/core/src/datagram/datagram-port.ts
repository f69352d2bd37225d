import { formatAddress, formatIP, parseIP, type UDPAddress, udpAddress } from '../addresses.ts'
import { assertBytes } from '../bytes/byte-queue.ts'
import {
  CannotListenError,
  codeOf,
  InvalidAddressError,
  LocalProtocolError,
  MessageLengthError,
  MulticastJoinError,
  NotConnectedError,
} from '../errors.ts'
import type {
  DatagramDrops,
  DatagramEvents,
  DatagramTransport,
  ListenMulticastOptions,
  ListenUDPOptions,
  UDPDestination,
} from '../interfaces/datagram.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import type { FilledOptions } from '../options/check-options.ts'
import { byteCount, count, flag, type OptionRules, filledText } from '../options/option-rules.ts'
import { callSafely } from '../safely.ts'
import {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from './datagram-wire.ts'

/** A UDP port over any datagram wire. */
export class DatagramPort implements DatagramTransport, DatagramWireEvents {
  readonly reactor: Reactor
  readonly protocol: DatagramEvents
  readonly #registry: DatagramPortSetup['registry']
  readonly #binding: DatagramBinding
  readonly #wire: DatagramWire
  readonly #limits: DatagramLimits
  readonly #drops = new DropCounter((event) => this.#log({ level: 'warn', ...event }))
  #peer: UDPAddress | undefined
  /** The source address of the peer's datagrams. */
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
   * @throws the errors of `listenUDP` (rejects).
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
    const datagram = typeof data === 'string' ? Buffer.from(data) : data
    const maxBytes = MAX_DATAGRAM_BYTES[address.family]
    if (datagram.length > maxBytes) throw new MessageLengthError(datagram.length, maxBytes)
    if (!this.listening) return this.#dropWrite('late')
    const bufferedBytes = this.#wire.bufferedBytes + datagram.length
    if (bufferedBytes > this.#limits.maxBufferedBytes) return this.#dropWrite('unsent')
    this.#wire.send(datagram, address)
    return true
  }

  connect(host: string, port: number): void {
    this.#assertListening('connect')
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
    this.#assertListening('setTTL')
    assertWithin(hops, 1, 255, 'a TTL')
    this.#wire.setTTL(hops)
  }

  setMulticastTTL(hops: number): void {
    this.#assertListening('setMulticastTTL')
    assertWithin(hops, 0, 255, 'a TTL')
    this.#wire.setMulticastTTL(hops)
  }

  setLoopbackMode(enabled: boolean): void {
    this.#assertListening('setLoopbackMode')
    this.#wire.setLoopbackMode(enabled)
  }

  setOutgoingInterface(via: string): void {
    this.#assertListening('setOutgoingInterface')
    assertNumeric(via)
    try {
      this.#wire.setOutgoingInterface(via)
    } catch (cause) {
      throw new InvalidAddressError(via, 'it is not the address of a network interface of this host', cause)
    }
  }

  setBroadcastAllowed(allowed: boolean): void {
    this.#assertListening('setBroadcastAllowed')
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
    const settled = this.#callContained(() => this.protocol.datagramReceived(data, from))
    if (settled === undefined) return
    this.#pending++
    void settled.then(() => this.#pending--)
  }

  failed(error: Error): void {
    if (!this.listening) return
    const refused = this.#peer !== undefined && codeOf(error) === 'ECONNREFUSED'
    if (refused) void this.#callContained(() => this.protocol.connectionRefused())
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

  /** An async method, so that a throw becomes a rejection. */
  async #startProtocol(): Promise<void> {
    await this.protocol.makeConnection(this)
  }

  async #stop(): Promise<void> {
    this.#registry.portClosed(this)
    await this.#wire.close()
    void this.#started.then(
      () => this.#callContained(() => this.protocol.doStop()),
      // A protocol that failed to start is not stopped.
      () => undefined,
    )
  }

  /** Checks the source, because the operating system still delivers datagrams queued before the port was connected. */
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
    this.#assertListening(change)
    assertNumeric(group)
    if (via !== undefined) assertNumeric(via)
    try {
      this.#wire[change](group, via)
    } catch (cause) {
      throw new MulticastJoinError(change === 'joinGroup' ? 'join' : 'leave', group, cause)
    }
  }

  #assertListening(attempt: string): void {
    if (!this.listening) throw new NotConnectedError(`Cannot ${attempt} on a UDP port that is closed`)
  }

  #dropWrite(why: 'unsent' | 'late'): false {
    this.#drops.add(why)
    return false
  }

  #callContained(call: () => unknown): Promise<void> | undefined {
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

/** What is needed to open a UDP port. */
export interface DatagramPortSetup {
  readonly registry: DatagramRegistry
  readonly port: number
  readonly protocol: DatagramEvents
  readonly options: ListenUDPOptions
  /** Binds the wire that carries the datagrams; rejects with the system's error. */
  readonly bind: (binding: DatagramBinding) => Promise<DatagramWire>
}

/** The reactor as UDP ports see it. */
interface DatagramRegistry {
  readonly reactor: Reactor
  /** An address is being bound: a stop of the reactor waits for it. Rejects when the reactor is stopping. */
  binding(bound: Promise<void>): Promise<void>
  /** A port is bound: a stop of the reactor closes it. */
  portOpened(port: DatagramTransport): void
  /** A port is no longer bound. */
  portClosed(port: DatagramTransport): void
}

/**
 * Binds a wire to the address that a port's options give.
 *
 * @throws {CannotListenError | InvalidAddressError | RangeError} (rejects)
 */
export async function bindDatagramWire({
  registry,
  port,
  options,
  bind,
}: DatagramPortSetup): Promise<[DatagramBinding, DatagramWire]> {
  const { interface: local = '0.0.0.0', reuseAddress = false, ipv6Only = false } = options
  const binding = { address: numericAddress(local, port, 0), reuseAddress, ipv6Only }
  const bound = bind(binding)
  try {
    await registry.binding(bound.then(() => undefined))
    return [binding, await bound]
  } catch (cause) {
    // A wire bound while the reactor is stopping has no port that would close it.
    await bound.then(
      (wire) => wire.close(),
      () => undefined,
    )
    throw new CannotListenError(binding.address, cause)
  }
}

/**
 * Makes an address of a numeric host and a port. The host is written in the form of RFC 5952, so that it can be
 * compared.
 *
 * @param lowestPort 0 where port 0 means any free port, otherwise 1.
 * @throws {InvalidAddressError} when `host` is a name.
 * @throws {RangeError} unless `port` is a whole number from `lowestPort` to 65535.
 */
export function numericAddress(host: string, port: number, lowestPort: 0 | 1): UDPAddress {
  const numeric = canonical(host)
  assertWithin(port, lowestPort, 65_535, 'a UDP port')
  return udpAddress(numeric, port)
}

/** @throws {InvalidAddressError} unless `host` is an IPv4 address, or an IPv6 one with or without a zone. */
export function assertNumeric(host: string): void {
  canonical(host)
}

function canonical(host: string): string {
  const [, address = host, zone = ''] = ZONE.exec(host) ?? []
  const parsed = parseIP(address)
  if (parsed === undefined)
    throw new InvalidAddressError(host, 'it is not numeric; reactor.lookup finds the addresses of a name')
  return formatIP(parsed) + zone
}

/** @throws {RangeError} unless `value` is a whole number from `lowest` to `highest`. */
export function assertWithin(value: number, lowest: number, highest: number, what: string): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return
  throw new RangeError(`Cannot use ${value} as ${what}: give a whole number from ${lowest} to ${highest}`)
}

/**
 * Counts the datagrams that a UDP port drops, and logs the first of each kind only, so that a peer cannot fill the
 * log.
 */
export class DropCounter {
  readonly #warn: (event: Pick<LogEvent, 'text' | 'error'>) => void
  readonly #counts = { unsent: 0, late: 0, failed: 0, tooLong: 0, unread: 0, stranger: 0 }

  /** @param warn Logs a warning. */
  constructor(warn: (event: Pick<LogEvent, 'text' | 'error'>) => void) {
    this.#warn = warn
  }

  /** The counts as they are now. */
  get counts(): DatagramDrops {
    return { ...this.#counts }
  }

  /** Counts one dropped datagram, and warns if it is the first of its kind. */
  add(why: keyof DatagramDrops, error?: unknown): void {
    this.#counts[why]++
    const warning = WARNING[why]
    if (this.#counts[why] === 1 && warning !== undefined) this.#warn({ text: warning, error })
  }
}

/** The rules for the options of `listenUDP`. */
export const LISTEN_UDP_RULES: OptionRules<ListenUDPOptions> = {
  interface: filledText,
  maxPacketBytes: byteCount({ endless: true }),
  maxBufferedBytes: byteCount({ endless: true }),
  maxPending: count({ least: 1, endless: true }),
  reuseAddress: flag,
  ipv6Only: flag,
}

const { reuseAddress: _listenMultiple, ...SHARED_RULES } = LISTEN_UDP_RULES
/** The rules for the options of `listenMulticast`. */
export const LISTEN_MULTICAST_RULES: OptionRules<ListenMulticastOptions> = {
  ...SHARED_RULES,
  listenMultiple: flag,
}

const DEFAULT_DATAGRAM_LIMITS: DatagramLimits = {
  maxPacketBytes: 8_192,
  maxBufferedBytes: 1_048_576,
  maxPending: 1_024,
}

/** The 16-bit length fields leave this for the data: less the IPv4 and UDP headers, or in IPv6 the UDP header alone. */
const MAX_DATAGRAM_BYTES = { 4: 65_507, 6: 65_527 } as const
/** An IPv6 address with a zone, which names a network interface: `fe80::1%eth0`. */
const ZONE = /^(.*:.*)(%.+)$/
/** There is no warning for `late`: a program may still reply after its port was closed. */
const WARNING: Readonly<Record<keyof DatagramDrops, string | undefined>> = {
  unsent: 'Dropped a datagram because more than maxBufferedBytes would wait to be sent',
  late: undefined,
  failed: 'The operating system could not send a datagram, or found no route to its host',
  tooLong: 'Dropped a datagram that is longer than maxPacketBytes',
  unread: 'Dropped a datagram because the promises of maxPending others are pending',
  stranger: 'Dropped a datagram that is not from the peer of a connected port',
}
