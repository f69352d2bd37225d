import type { UDPAddress } from '../../addresses.ts'
import { DatagramProtocol } from '../../protocol/datagram-protocol.ts'

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
