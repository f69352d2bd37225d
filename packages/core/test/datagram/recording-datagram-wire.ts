import type { DatagramWire, DatagramWireEvents } from '../../src/reactor.ts'
import type { MemoryReactor } from '../../src/testing.ts'
import { type DatagramEvents, type ListenUDPOptions, udpAddress, type UDPAddress } from '../../src/udp.ts'
import { DatagramPort } from '../../src/datagram/datagram-port.ts'

/** A wire that records its calls; the test plays the operating system. */
export class RecordingDatagramWire implements DatagramWire {
  readonly address: UDPAddress
  readonly calls: unknown[] = []
  bufferedBytes = 0
  /** The source address of the peer's datagrams, when it differs from the connected address. */
  source: UDPAddress | undefined
  #events: DatagramWireEvents | undefined

  constructor(host: string = '127.0.0.1') {
    this.address = udpAddress(host, 53)
  }

  /** Opens a port over this wire. */
  open(
    reactor: MemoryReactor,
    protocol: DatagramEvents,
    options: ListenUDPOptions = {},
  ): Promise<DatagramPort> {
    const { registry } = reactor
    return DatagramPort.open({ registry, port: 53, protocol, options, bind: () => Promise.resolve(this) })
  }

  /** The attached receiver of events. */
  get events(): DatagramWireEvents {
    if (this.#events === undefined) throw new Error('No receiver of events is attached')
    return this.#events
  }

  attach(events: DatagramWireEvents): void {
    this.#events = events
  }

  send(data: Uint8Array, destination: UDPAddress): void {
    this.calls.push(['send', data.length, destination.host, destination.port])
  }

  async close(): Promise<void> {
    this.calls.push(['close'])
  }

  connect(peer: UDPAddress): UDPAddress {
    this.calls.push(['connect', peer.host, peer.port])
    return this.source ?? peer
  }

  joinGroup(...how: unknown[]): void {
    this.calls.push(['joinGroup', ...how])
  }

  leaveGroup(...how: unknown[]): void {
    this.calls.push(['leaveGroup', ...how])
  }

  setTTL(hops: number): void {
    this.calls.push(['setTTL', hops])
  }

  setMulticastTTL(hops: number): void {
    this.calls.push(['setMulticastTTL', hops])
  }

  setLoopbackMode(enabled: boolean): void {
    this.calls.push(['setLoopbackMode', enabled])
  }

  setOutgoingInterface(via: string): void {
    this.calls.push(['setOutgoingInterface', via])
  }

  setBroadcastAllowed(allowed: boolean): void {
    this.calls.push(['setBroadcastAllowed', allowed])
  }
}
