import { udpAddress, type UDPAddress } from '../addresses.ts'
import { bindingSpeaks, type DatagramBinding, type DatagramWire } from '../datagram/datagram-wire.ts'
import type { Turn } from '../transport/turn.ts'
import { type DatagramCarrier, isMulticast, MemoryDatagramWire, systemError } from './memory-datagram-wire.ts'

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

const FAMILIES = [4, 6] as const
