import { PreparedBatch } from '../connection/prepared-message.ts'
import type { BusSubscription } from './bus.ts'
import type { Member } from './member.ts'
import type { Deliverer, Queued } from './publication-queue.ts'

/** The subscribers of one topic. It exists while it has any. */
export class Topic implements Deliverer {
  readonly name: string
  /** The subscription at the bus; undefined without one. */
  bus: Promise<BusSubscription> | undefined
  readonly #members = new Map<object, Member<Topic>>()

  constructor(name: string) {
    this.name = name
  }

  /** In the order in which they subscribed. */
  get members(): Iterable<Member<Topic>> {
    return this.#members.values()
  }

  get size(): number {
    return this.#members.size
  }

  /** Returns the member with this key; undefined when there is none. */
  get(key: object): Member<Topic> | undefined {
    return this.#members.get(key)
  }

  /** Adds a member with a new key. */
  add(member: Member<Topic>): void {
    this.#members.set(member.key, member)
  }

  /** Removes a member, to which nothing more is delivered. */
  remove(member: Member<Topic>): void {
    this.#members.delete(member.key)
    member.left()
  }

  deliver(run: readonly Queued[]): void {
    const messages = run.map(({ publication }) => publication.message)
    const batch = run.length > 1 ? new PreparedBatch(messages) : undefined
    // A map may change while it is iterated: members that join now are passed earlier publications and skip
    // them, members that leave are passed nothing.
    for (const member of this.#members.values()) member.deliver(run, batch)
  }
}
