import type { UDPAddress } from '../addresses.ts'
import type { DatagramEvents, DatagramTransport, ListenMulticastOptions } from '../interfaces/datagram.ts'
import type { LogEvent } from '../interfaces/log.ts'
import { DatagramProtocol } from '../protocol/datagram-protocol.ts'

/** One kind of UDP port, as the datagram checks drive it. */
export interface DatagramHarness {
  /** What its reactor has logged, oldest first. */
  readonly logged: readonly LogEvent[]
  /** Listens for multicast on 127.0.0.1, unless the options name another interface. */
  readonly listen: (
    port: number,
    protocol: DatagramEvents,
    options?: ListenMulticastOptions,
  ) => Promise<DatagramTransport>
  /**
   * Lets things happen until `condition` holds.
   *
   * @throws {Error} (rejects) when it does not within a bound.
   */
  readonly until: (condition: () => boolean) => Promise<void>
  /** Lets everything happen that is under way. */
  readonly quiet: () => Promise<void>
}

/** One promise that every UDP port keeps. Ports that a check leaves open are the harness's to close. */
export interface DatagramCheck {
  /** A sentence about behaviour. */
  readonly name: string
  /** @throws {CheckFailed} (rejects) when the port breaks the promise. */
  run(harness: DatagramHarness): Promise<void>
}

/** Remembers what a UDP port told it. */
export class DatagramRecorder extends DatagramProtocol {
  readonly datagrams: Buffer[] = []
  readonly senders: UDPAddress[] = []
  starts = 0
  refusals = 0
  stops = 0

  /** The datagrams as text. */
  get texts(): string[] {
    return this.datagrams.map(String)
  }

  override startProtocol(): void | Promise<void> {
    this.starts++
  }

  override datagramReceived(data: Buffer, address: UDPAddress): void | Promise<void> {
    this.datagrams.push(data)
    this.senders.push(address)
  }

  override connectionRefused(): void | Promise<void> {
    this.refusals++
  }

  override stopProtocol(): void | Promise<void> {
    this.stops++
  }
}

/** Sends every datagram back to where it came from. */
export class DatagramEcho extends DatagramRecorder {
  override datagramReceived(data: Buffer, address: UDPAddress): void {
    void super.datagramReceived(data, address)
    this.transport.write(data, address)
  }
}
