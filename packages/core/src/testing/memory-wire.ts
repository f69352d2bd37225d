import type { Turn, TurnEnder } from '../transport/connection-registry.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'

/**
 * One of two ends of a connection in memory.
 *
 * What one end writes the other reads in a later turn, as copies. An end that does not read lets
 * 64 KiB pile up, then its peer must wait.
 */
export class MemoryWire implements Wire, TurnEnder {
  readonly #turn: Turn
  #peer: MemoryWire | undefined
  #events: WireEvents | undefined
  /** What the peer wrote and we have not read. */
  #inbox: Buffer[] = []
  #inboxBytes = 0
  #reading = true
  #blocked = false
  #scheduled = false
  #peerEnd: 'ahead' | 'arrived' | 'read' = 'ahead'
  #ownEnd = false
  #fate: Fate = OPEN

  private constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Makes the two ends of one connection. */
  static pair(turn: Turn): [MemoryWire, MemoryWire] {
    const [one, other] = [new MemoryWire(turn), new MemoryWire(turn)]
    one.#peer = other
    other.#peer = one
    return [one, other]
  }

  /** Begins to read. */
  attach(events: WireEvents): void {
    this.#events = events
    this.#schedule()
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const peer = this.#peer
    if (peer === undefined || this.#ownEnd || this.#fate.is !== 'open') return true
    if (peer.#fate.is !== 'open') {
      this.reset()
      return false
    }
    for (const part of parts) {
      const copy = Buffer.from(part as string)
      peer.#inbox.push(copy)
      peer.#inboxBytes += copy.length
    }
    peer.#schedule()
    this.#blocked = peer.#inboxBytes > WINDOW_BYTES
    return !this.#blocked
  }

  end(): void {
    if (this.#ownEnd) return
    this.#ownEnd = true
    this.#peer?.endArrived()
    this.#schedule()
  }

  abort(): void {
    if (this.#fate.is !== 'open') return
    this.#end({ is: 'closing', error: undefined })
    this.#peer?.reset()
  }

  close(): void {
    // As a kernel does: closing over unread bytes is a reset to the peer.
    if (this.#inboxBytes > 0) return this.abort()
    this.#end({ is: 'closing', error: undefined })
    this.#peer?.endArrived()
  }

  pause(): void {
    this.#reading = false
  }

  resume(): void {
    this.#reading = true
    this.#schedule()
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  /** The connection was broken. */
  reset(): void {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    this.#end({ is: 'closing', error })
  }

  /** The peer said its end. */
  endArrived(): void {
    if (this.#peerEnd !== 'ahead') return
    this.#peerEnd = 'arrived'
    this.#schedule()
  }

  turnEnded(): void {
    this.#scheduled = false
    const events = this.#events
    if (events === undefined) return
    if (this.#fate.is === 'open') this.#read(events)
    if (this.#fate.is === 'open' && this.#ownEnd && this.#peerEnd === 'read' && !this.#blocked) {
      this.#fate = { is: 'closing', error: undefined }
    }
    if (this.#fate.is !== 'closing') return
    const { error } = this.#fate
    this.#fate = CLOSED
    events.wireClosed(error)
  }

  #read(events: WireEvents): void {
    while (this.#reading) {
      const data = this.#inbox.shift()
      if (data === undefined) break
      this.#inboxBytes -= data.length
      events.wireData(data)
    }
    if (this.#inboxBytes === 0) this.#peer?.unblock()
    // A peer that may go on may have written more at once, and its end behind it.
    const all = this.#inbox.length === 0
    if (all && this.#peerEnd === 'arrived' && this.#fate.is === 'open') {
      this.#peerEnd = 'read'
      events.wireEnded()
    }
  }

  /** The peer has read all that we wrote. */
  unblock(): void {
    if (!this.#blocked) return
    this.#blocked = false
    this.#events?.wireWritable()
    this.#schedule()
  }

  #end(fate: Fate): void {
    if (this.#fate.is !== 'open') return
    this.#fate = fate
    this.#inbox = []
    this.#inboxBytes = 0
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#events === undefined) return
    this.#scheduled = true
    this.#turn.schedule(this)
  }
}

/** How the connection ends here: `closing` until the next turn tells. */
type Fate =
  | { readonly is: 'open' }
  | { readonly is: 'closing'; readonly error: Error | undefined }
  | { readonly is: 'closed' }

const OPEN: Fate = { is: 'open' }
const CLOSED: Fate = { is: 'closed' }

const WINDOW_BYTES = 65_536
