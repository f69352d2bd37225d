import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Trace } from '../trace.ts'
import type { NetworkStats } from './network-stats.ts'

/** How packets fare from one host to another. */
export interface LinkConditions {
  /** Shortest and longest way, in milliseconds; each packet takes a time in between. */
  readonly latencyMs: readonly [number, number]
  /** How many of a thousand packets are lost. A lost segment of TCP is sent again, later. */
  readonly lossPerMille: number
  /** How many of a thousand datagrams arrive twice. */
  readonly duplicatesPerMille: number
  /** Bytes that leave in a second; packets wait for those before them. */
  readonly bytesPerSecond: number
}

/** A packet on its way: what happens when it arrives, and when it does not. */
export interface Packet {
  /** Such as `SYN`, or `12 bytes`. */
  readonly what: string
  readonly bytes: number
  arrived(): void
  /** At the time when it would have arrived. */
  lost(): void
}

/** What came out of a stream at the end of a link, in order and once. */
export interface Delivery {
  /** Virtual milliseconds. */
  readonly atMs: number
  /** Names the connection, and which of its two directions. */
  readonly stream: string
  readonly what: Buffer | 'end' | 'reset'
}

/** What links are made of. */
export interface LinkSetup {
  readonly from: string
  readonly to: string
  readonly events: EventQueue
  readonly random: Random
  readonly trace: Trace
  readonly stats: NetworkStats
  readonly conditions: LinkConditions
  /** Whether nobody is there at one of its ends. */
  readonly isSilent: () => boolean
}

/** The way from one host to another, in one direction. */
export class Link {
  conditions: LinkConditions
  readonly #setup: LinkSetup
  #cut = false
  #held: Travel[] | undefined
  #freeAtMs = 0
  readonly #watchers = new Set<(delivery: Delivery) => void>()

  constructor(setup: LinkSetup) {
    this.#setup = setup
    this.conditions = setup.conditions
  }

  /** Whether nothing arrives. */
  get cut(): boolean {
    return this.#cut
  }

  /** Loses every packet from now on, also those on their way; or lets them pass again. */
  setCut(cut: boolean): void {
    this.#cut = cut
  }

  /** Keeps packets that arrive from now on back, or lets them all go, in order. */
  setHeld(held: boolean): void {
    if (held) {
      this.#held ??= []
      return
    }
    const waiting = this.#held ?? []
    this.#held = undefined
    for (const travel of waiting) this.#arrive(travel)
  }

  /** Sends a packet. */
  carry(packet: Packet): void {
    const { events, random } = this.#setup
    const { latencyMs, lossPerMille, bytesPerSecond } = this.conditions
    const [least, most] = latencyMs
    this.#freeAtMs = Math.max(this.#freeAtMs, events.nowMs) + (packet.bytes / bytesPerSecond) * 1000
    const isLost = random.chance(lossPerMille / 1000)
    const arrivesMs = this.#freeAtMs + least + random.unit() * (most - least)
    const travel = { packet, sentMs: events.nowMs, isLost }
    events.at(arrivesMs, () => this.#arrive(travel))
  }

  /** Tells `watcher` of every piece of a stream that comes out. @returns what ends it. */
  watch(watcher: (delivery: Delivery) => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** A piece of a stream has come out, in its order. */
  delivered(stream: string, what: Delivery['what']): void {
    const atMs = this.#setup.events.nowMs
    for (const watcher of this.#watchers) watcher({ atMs, stream, what })
  }

  #arrive(travel: Travel): void {
    const { trace, stats, from, to, isSilent } = this.#setup
    const { packet, sentMs, isLost } = travel
    const lost = isLost || this.#cut || isSilent()
    if (!lost && this.#held !== undefined) {
      this.#held.push(travel)
      return
    }
    if (packet.what !== 'ACK') trace.passed(from, to, { what: packet.what, lost, sentMs })
    if (!lost) return packet.arrived()
    stats.lost++
    packet.lost()
  }
}

interface Travel {
  readonly packet: Packet
  readonly sentMs: number
  readonly isLost: boolean
}
