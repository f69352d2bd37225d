import { assertNever } from '@ropewalk/core/bytes'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { StreamingEvent } from '../codec/message-reader.ts'
import { IncompleteMessageError, type WebSocketError } from '../errors.ts'
import { MessageBody, type MessageBodyOwner, WebSocketMessage } from './incoming-message.ts'

/** A message that is to be delivered when it has begun. */
export interface BegunMessage {
  readonly type: 'message'
  readonly message: WebSocketMessage
  /** Discards what the protocol has not read. Called after its callback. */
  readonly release: () => void
}

/** The part of a channel that IncomingMessages use. */
export interface IncomingMessagesOwner {
  /** Delivers a message. @returns false when none is delivered any more. */
  messageBegun(begun: BegunMessage): boolean
  /** The protocol has read a part. */
  messageRead(): void
  /** `full` has become false. It is called in a microtask. */
  inboxChanged(): void
}

/** Passes the parts of messages to the WebSocketMessages that a protocol reads. */
export class IncomingMessages implements MessageBodyOwner {
  readonly #owner: IncomingMessagesOwner
  readonly #maxHeldBytes: number
  readonly #maxMessageBytes: number
  #heldBytes = 0
  #current: MessageBody | undefined
  #failure: IncompleteMessageError | undefined
  #tooLarge: WebSocketError | undefined

  /**
   * @param maxHeldBytes Most bytes that are held unread.
   * @param maxMessageBytes Most bytes of a message that is read as a whole.
   */
  constructor(owner: IncomingMessagesOwner, maxHeldBytes: number, maxMessageBytes: number) {
    this.#owner = owner
    this.#maxHeldBytes = maxHeldBytes
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Whether more is held than the bounds allow: the owner should stop reading. */
  get full(): boolean {
    return this.#heldBytes > this.#maxHeldBytes
  }

  /** Bytes that were received and not read. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Passes on one part of a message. */
  push(part: StreamingEvent<Buffer>): void {
    switch (part.type) {
      case 'message-begin':
        this.#begin(part.kind)
        break
      case 'message-data':
        this.#current?.push(part.data)
        break
      case 'message-end':
        this.#current?.end('complete')
        this.#current = undefined
        break
      case 'frame-end':
        break
      default:
        assertNever(part)
    }
  }

  /** The WebSocket ends: the message that has begun stays incomplete. */
  fail(why: string): void {
    this.#failure ??= new IncompleteMessageError(`Cannot read the rest of a message: ${why}`)
    this.#current?.end(this.#failure)
    this.#current = undefined
  }

  /** Whether `error` only states that this WebSocket has ended within a message. */
  isEnd(error: unknown): boolean {
    return error !== undefined && error === this.#failure
  }

  /** The violation by the peer that `error` states, if it is one: a message was too long to be read as a whole. */
  violationOf(error: unknown): WebSocketError | undefined {
    return error === this.#tooLarge ? this.#tooLarge : undefined
  }

  held(bytes: number): void {
    const wasFull = this.full
    this.#heldBytes += bytes
    if (bytes <= 0) this.#owner.messageRead()
    if (wasFull && !this.full) void Promise.resolve().then(() => this.#owner.inboxChanged())
  }

  tooLarge(error: WebSocketError): void {
    this.#tooLarge = error
  }

  #begin(kind: MessageKind): void {
    const body = new MessageBody(this)
    const message = new WebSocketMessage(kind, body, this.#maxMessageBytes)
    this.#current = body
    if (!this.#owner.messageBegun({ type: 'message', message, release: () => body.discard() })) body.discard()
  }
}
