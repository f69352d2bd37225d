import type { Turn, TurnEnder } from '../transport/connection-registry.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'

/**
 * One of the two ends of a connection in memory.
 *
 * An end reads copies of what the other end wrote, in a later turn. If an end does not read, `write`
 * of the other end returns false once more than 64 KiB are unread.
 */
export class MemoryWire implements Wire, TurnEnder {
  readonly #turn: Turn
  #peer: MemoryWire | undefined
  #events: WireEvents | undefined
  /** Bytes that the peer wrote and this end has not read. */
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

  /** Sets the receiver of events and begins to read. */
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
    this.#startClose({ is: 'closing', error: undefined })
    this.#peer?.reset()
  }

  close(): void {
    // As in a kernel, a close with unread bytes resets the connection.
    if (this.#inboxBytes > 0) return this.abort()
    this.#startClose({ is: 'closing', error: undefined })
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

  /** The connection was reset. */
  reset(): void {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    this.#startClose({ is: 'closing', error })
  }

  /** The peer has sent its FIN. */
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
    // In unblock, the peer may have written more, and its FIN after it.
    const all = this.#inbox.length === 0
    if (all && this.#peerEnd === 'arrived' && this.#fate.is === 'open') {
      this.#peerEnd = 'read'
      events.wireEnded()
    }
  }

  /** The peer has read all bytes that this end wrote. */
  unblock(): void {
    if (!this.#blocked) return
    this.#blocked = false
    this.#events?.wireWritable()
    this.#schedule()
  }

  #startClose(fate: Fate): void {
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

/** How the connection ends at this end: `closing` until the next turn calls `wireClosed`. */
type Fate =
  | { readonly is: 'open' }
  | { readonly is: 'closing'; readonly error: Error | undefined }
  | { readonly is: 'closed' }

const OPEN: Fate = { is: 'open' }
const CLOSED: Fate = { is: 'closed' }

const WINDOW_BYTES = 65_536
