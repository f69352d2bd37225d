import type { TransportHarness } from '../../src/checks.ts'
import { ConnectionAborted } from '../../src/index.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { memoryHarness } from '../memory-harness.ts'

/** A harness with pairs of two string transports; the bytes that one sends are passed to the other. */
export function stringHarness(): TransportHarness {
  const reactor = new MemoryReactor()
  const strands: Strand[] = []
  const carry = async (): Promise<void> => {
    do await reactor.settle()
    while (strands.filter((strand) => strand.carry()).length > 0)
  }
  const memory = memoryHarness(
    reactor,
    async (server, client) => {
      const [one, other] = [new StringTransport({ reactor }), new StringTransport({ reactor })]
      strands.push(new Strand(one, other), new Strand(other, one))
      one.begin(server)
      other.begin(client)
      return { server: one, client: other }
    },
    new Set(['reset', 'virtual time']),
  )
  const until = async (condition: () => boolean): Promise<void> => {
    await carry()
    if (!condition()) throw new Error(`The condition never held: ${String(condition)}`)
  }
  return { ...memory, until, quiet: carry }
}

/** One direction between two string transports. */
class Strand {
  readonly #from: StringTransport
  readonly #to: StringTransport
  #ended = false
  #gone = false

  constructor(from: StringTransport, to: StringTransport) {
    this.#from = from
    this.#to = to
  }

  /** @returns whether bytes, a FIN or a reset were carried. */
  carry(): boolean {
    if (this.#gone) return false
    if (this.#from.signal.reason instanceof ConnectionAborted) return this.#reset()
    if (this.#ended) return false
    const data = this.#from.bytes()
    this.#ended = this.#from.ended || !this.#from.connected
    this.#to.receive(data)
    if (this.#ended) this.#to.receiveEnd()
    this.#from.clear()
    return this.#ended || data.length > 0
  }

  /** A reset can follow a FIN. */
  #reset(): true {
    this.#gone = true
    this.#to.receiveReset()
    this.#from.clear()
    return true
  }
}
