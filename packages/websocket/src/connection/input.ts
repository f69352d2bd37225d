import type { Reactor, Transport } from '@ropewalk/core'
import { ByteQueue } from '@ropewalk/core/bytes'
import { Deadline, type DelayedCall } from '@ropewalk/core/time'
import { MessageReader, type MessageReaderOptions, type ReaderEvent } from '../codec/message-reader.ts'
import { WebSocketError } from '../errors.ts'
import { NODE_PLATFORM } from './node-platform.ts'

/** The part of a channel that an Input uses. */
export interface InputOwner {
  readonly reactor: Reactor
  readonly transport: Transport
  /** Whether events may be passed on now. */
  readonly takesEvents: boolean
  /** Whether events may be passed on after the peer's end, however much is held back. */
  readonly takesEventsAtEnd: boolean
  /** Called with each event, in order. */
  eventRead(event: ReaderEvent<Buffer>): void
  /** Some input was parsed: `event` is its last event, undefined when that has not all arrived. */
  inputParsed(bytes: number, event: ReaderEvent<Buffer> | undefined): void
  /** All that can be read now was read. */
  inputRead(): void
  /** The peer has ended its output, and all of it was read. */
  inputEnded(): void
  /** Nothing is read until `readingResumed`. */
  readingPaused(): void
  /** Input that was held back is read again. */
  readingResumed(): void
  /** Whether a message that is too large is skipped. */
  skipsMessage(error: WebSocketError): boolean
  /** The peer has broken a rule or a limit. */
  violated(error: WebSocketError): void
}

/** How an Input reads. */
export interface InputOptions extends Omit<MessageReaderOptions<Buffer>, 'platform'> {
  /** Longest time after the peer's end until all of its output is read; then it is aborted. */
  readonly graceMs: number
}

/** Parses the input of one WebSocket, and pauses the transport while its events cannot be passed on. */
export class Input {
  readonly #owner: InputOwner
  readonly #bytes = new ByteQueue()
  readonly #reader: MessageReader<Buffer>
  #reading = false
  #paused = false
  #ended = false
  #endPassedOn = false
  readonly #graceMs: number
  /** Limits the wait of what is left at the peer's end. */
  #grace: Deadline | undefined
  /** The turn in which a large message is inflated further. Nothing is read before. */
  #nextSlice: DelayedCall | undefined

  constructor(owner: InputOwner, options: InputOptions) {
    this.#owner = owner
    this.#graceMs = options.graceMs
    this.#reader = new MessageReader({ ...options, platform: NODE_PLATFORM })
  }

  /** Whether the transport is paused. */
  get paused(): boolean {
    return this.#paused
  }

  /** Whether the peer has ended its output. */
  get ended(): boolean {
    return this.#ended
  }

  /** Whether a frame or a message has begun and is not whole. */
  get midMessage(): boolean {
    return this.#reader.midMessage
  }

  /** Bytes received and not passed on. */
  get heldBytes(): number {
    return this.#bytes.length + this.#reader.heldBytes
  }

  /** Adds bytes of the peer, and reads. */
  push(data: Buffer): void {
    this.#bytes.push(data)
    this.read()
  }

  /** The peer has ended its output: reads what is left, then calls `inputEnded`. */
  end(): void {
    this.#ended = true
    this.read()
  }

  /** The connection is gone: reads nothing further. */
  stop(): void {
    this.#nextSlice?.cancel()
    this.#nextSlice = undefined
    this.#grace?.clear()
  }

  /** Reads what has come, for as long as events may be passed on. */
  read(): void {
    if (this.#reading) return
    const owner = this.#owner
    let allRead = false
    this.#reading = true
    try {
      while (!allRead && this.#mayRead()) {
        const before = this.#bytes.length
        const event = before === 0 && this.#reader.betweenFrames ? undefined : this.#next()
        owner.inputParsed(before - this.#bytes.length, event)
        if (event !== undefined) owner.eventRead(event)
        else if (this.#reader.unfinished) this.#readOnLater()
        else allRead = true
      }
    } catch (error) {
      allRead = true
      if (error instanceof WebSocketError) owner.violated(error)
      else owner.transport.failConnection(error)
    }
    this.#reading = false
    owner.inputRead()
    if (this.#ended && !this.#endPassedOn) this.#endRead(allRead)
    this.#throttle()
  }

  /** Takes the next event. A message that is too large is skipped if the owner wants it. */
  #next(): ReaderEvent<Buffer> | undefined {
    for (;;) {
      try {
        return this.#reader.next(this.#bytes)
      } catch (error) {
        if (!(error instanceof WebSocketError) || error.violation !== 'message-too-large') throw error
        if (!this.#owner.skipsMessage(error) || !this.#reader.skipMessage()) throw error
      }
    }
  }

  /** A large message is inflated further in a later turn. */
  #readOnLater(): void {
    this.#nextSlice = this.#owner.reactor.callLater(0, () => {
      this.#nextSlice = undefined
      this.read()
    })
  }

  /** Passes on the peer's end after everything before it, or limits the wait for the callbacks that hold it up. */
  #endRead(allRead: boolean): void {
    const { reactor, transport } = this.#owner
    if (allRead) {
      this.#endPassedOn = true
      this.#grace?.clear()
      this.#owner.inputEnded()
    } else if (this.#grace === undefined && this.#nextSlice === undefined && !transport.disconnecting) {
      const late = `Callbacks were pending ${this.#graceMs} ms after the peer had left`
      this.#grace = new Deadline(reactor, () => transport.abortConnection(new Error(late)))
      this.#grace.set(this.#graceMs)
    }
  }

  #mayRead(): boolean {
    if (this.#nextSlice !== undefined || this.#owner.transport.disconnecting) return false
    return this.#owner.takesEvents || (this.#ended && this.#owner.takesEventsAtEnd)
  }

  #throttle(): void {
    const { transport } = this.#owner
    if (transport.disconnecting || this.#paused !== this.#mayRead()) return
    this.#paused = !this.#paused
    if (this.#paused) {
      this.#owner.readingPaused()
      transport.pauseProducing()
    } else {
      this.#owner.readingResumed()
      transport.resumeProducing()
    }
  }
}
