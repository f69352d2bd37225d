import { checkComplete } from './complete-options.ts'
import { Layered } from '../layered.ts'
import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Trace } from '../trace.ts'
import { LINK_RULES, type LinkConditions } from './network-rules.ts'
import type { NetworkStats } from './network-stats.ts'

/** A packet, and what to call when it arrives. */
export interface Packet {
  /** Such as `SYN`, or `12 bytes`. */
  readonly what: string
  readonly bytes: number
  /** The bytes that it carries for a program, for the trace. */
  readonly payload?: Uint8Array
  arrived(): void
}

/** A piece of a TCP stream that arrived at the end of a link. Each piece is reported once and in order. */
export interface Delivery {
  /** Virtual milliseconds. */
  readonly atMs: number
  /** The name of the connection and of its direction. */
  readonly stream: string
  readonly what: Buffer | 'end' | 'reset'
}

/** What a fault does to a link. */
export interface LinkOverlay {
  /** Loses all packets. */
  readonly down?: true
  /** Keeps all packets back. */
  readonly held?: true
  /** Changes the conditions. */
  readonly conditions?: (below: LinkConditions) => LinkConditions
}

/** The constructor arguments of `Link`. */
export interface LinkSetup {
  readonly from: string
  readonly to: string
  readonly events: EventQueue
  readonly random: Random
  readonly trace: Trace
  readonly stats: NetworkStats
  readonly conditions: LinkConditions
  /** Whether the host at its end is down or frozen, so that it receives nothing. */
  readonly isSilent: () => boolean
}

/** The connection from one host to another, in one direction. */
export class Link {
  readonly #setup: LinkSetup
  readonly #conditions: Layered<LinkConditions>
  readonly #isDown = new Layered<boolean>(false)
  readonly #isHeld = new Layered<boolean>(false, (held) => this.#heldChanged(held))
  #held: Travel[] | undefined
  readonly #lane: number
  #freeAtMs = 0
  readonly #watchers = new Set<(delivery: Delivery) => void>()

  constructor(setup: LinkSetup) {
    this.#setup = setup
    this.#lane = setup.events.newLane()
    this.#conditions = new Layered(setup.conditions)
  }

  /** The conditions that a test has set, with what faults change of them. */
  get conditions(): LinkConditions {
    return this.#conditions.value
  }

  /** @throws {TypeError | RangeError} for an unknown or missing condition, or one of the wrong type or out of range. */
  set conditions(conditions: LinkConditions) {
    checkComplete('link.conditions', conditions, LINK_RULES)
    this.#conditions.set(conditions)
  }

  /** Whether every packet is lost. */
  get down(): boolean {
    return this.#isDown.value
  }

  /**
   * With true, loses all packets from now on, also those on their way. With false, lets packets pass again,
   * unless a fault loses them.
   */
  setDown(down: boolean): void {
    this.#isDown.set(down)
  }

  /**
   * With true, keeps back packets that would arrive from now on. With false, delivers all of them, in order,
   * unless a fault keeps them back.
   */
  setHeld(held: boolean): void {
    this.#isHeld.set(held)
  }

  /** Lays a fault over what is set. @returns a function that ends it. */
  overlay({ down, held, conditions }: LinkOverlay): () => void {
    const ends = [
      down === true ? this.#isDown.add(() => true) : undefined,
      held === true ? this.#isHeld.add(() => true) : undefined,
      conditions === undefined ? undefined : this.#conditions.add(conditions),
    ]
    return () => {
      for (const end of ends) end?.()
    }
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
    events.at(arrivesMs, () => this.#arrive(travel), this.#lane)
  }

  /** Calls `watcher` with every piece of a stream that arrives. @returns a function that ends the watch. */
  watch(watcher: (delivery: Delivery) => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** Notifies the watchers that a piece of a stream has arrived, in order. */
  delivered(stream: string, what: Delivery['what']): void {
    const atMs = this.#setup.events.nowMs
    for (const watcher of this.#watchers) watcher({ atMs, stream, what })
  }

  #heldChanged(held: boolean): void {
    if (held) {
      this.#held ??= []
      return
    }
    const waiting = this.#held ?? []
    this.#held = undefined
    // In an event, because the end of a hold may come from a test between two runs.
    this.#setup.events.after(0, () => {
      for (const travel of waiting) this.#arrive(travel)
    })
  }

  #arrive(travel: Travel): void {
    const { trace, stats, from, to, isSilent } = this.#setup
    const { packet, sentMs, isLost } = travel
    const lost = isLost || this.down || isSilent()
    if (!lost && this.#held !== undefined) {
      this.#held.push(travel)
      return
    }
    if (packet.what !== 'ACK')
      trace.record(from, to, { what: packet.what, lost, sentMs, payload: packet.payload })
    if (!lost) return packet.arrived()
    stats.lost++
  }
}

interface Travel {
  readonly packet: Packet
  readonly sentMs: number
  readonly isLost: boolean
}
