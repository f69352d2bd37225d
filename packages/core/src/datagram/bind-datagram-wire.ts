import type { DatagramEvents, DatagramTransport, ListenUDPOptions } from '../interfaces/datagram.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import { CannotListenError } from '../errors.ts'
import type { DatagramBinding } from './datagram-binding.ts'
import type { DatagramWire } from './datagram-wire.ts'
import { numericAddress } from './numeric-address.ts'

/** What a UDP port is made of. */
export interface DatagramPortSetup {
  readonly registry: DatagramRegistry
  readonly port: number
  readonly protocol: DatagramEvents
  readonly options: ListenUDPOptions
  /** Binds what carries the datagrams; rejects with the system's error. */
  readonly bind: (binding: DatagramBinding) => Promise<DatagramWire>
}

/** The reactor as UDP ports see it. */
export interface DatagramRegistry {
  readonly reactor: Reactor
  /** An address is being bound: a stop waits for it. Rejects when the reactor is stopping. */
  binding(bound: Promise<void>): Promise<void>
  /** A port is bound: a stop closes it. */
  portOpened(port: DatagramTransport): void
  /** A port is no longer bound. */
  portClosed(port: DatagramTransport): void
}

/**
 * Binds a wire where a port's options say.
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
    // A wire that was bound for a reactor that is stopping is nobody's.
    await bound.then(
      (wire) => wire.close(),
      () => undefined,
    )
    throw new CannotListenError(binding.address, cause)
  }
}
