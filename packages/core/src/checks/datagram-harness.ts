import type { UDPAddress } from '../addresses.ts'
import type { DatagramEvents, DatagramTransport, ListenMulticastOptions } from '../interfaces/datagram.ts'
import type { LogEvent } from '../interfaces/log.ts'
import { DatagramProtocol } from '../protocol/datagram-protocol.ts'
import type { Check, CheckHarness } from './check.ts'

/** What the datagram checks need to drive one kind of UDP port. */
export interface DatagramHarness extends CheckHarness {
  /** The events that its reactor has logged, oldest first. */
  readonly logged: readonly LogEvent[]
  /** Listens for multicast on 127.0.0.1, unless the options name another interface. */
  readonly listen: (
    port: number,
    protocol: DatagramEvents,
    options?: ListenMulticastOptions,
  ) => Promise<DatagramTransport>
}

/** One check that every UDP port must pass. The harness closes the ports that a check leaves open. */
export type DatagramCheck = Check<DatagramHarness, never>

/** Records the events of a UDP port. */
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

/** Sends every datagram back to its sender. */
export class DatagramEcho extends DatagramRecorder {
  override datagramReceived(data: Buffer, address: UDPAddress): void {
    void super.datagramReceived(data, address)
    this.transport.write(data, address)
  }
}
