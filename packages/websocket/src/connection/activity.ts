import { assertNever } from '@ropewalk/core/bytes'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { StreamingEvent } from '../codec/message-reader.ts'
import { Liveness, type LivenessOptions, type LivenessOwner } from './liveness.ts'
import type { Traffic } from './traffic.ts'
import { TrafficCount } from './traffic-count.ts'
import type { WebSocketClosed } from './websocket-connection.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/** What an Activity is made with. */
export interface ActivitySetup {
  readonly owner: LivenessOwner
  readonly options: LivenessOptions
  readonly transport: WebSocketTransport
  readonly protocol: WebSocketProtocol
}

/** What happens on one WebSocket, from its opening on: passed on to its liveness, counted and published. */
export class Activity {
  readonly #liveness: Liveness
  readonly #traffic: TrafficCount

  constructor({ owner, options, transport, protocol }: ActivitySetup) {
    this.#liveness = new Liveness(owner, options)
    this.#traffic = new TrafficCount(owner.transport, transport, protocol)
  }

  /** What has passed so far. */
  get traffic(): Traffic {
    return this.#traffic.now
  }

  /** Milliseconds between the newest ping of our own and its pong; undefined before the first pong. */
  get latencyMs(): number | undefined {
    return this.#liveness.latencyMs
  }

  /** Sends a ping. Resolves with `latencyMs`, or with undefined when the WebSocket ends before. */
  measureLatency(): Promise<number | undefined> {
    return this.#liveness.measureLatency()
  }

  /** The WebSocket is open. */
  opened(): void {
    this.#traffic.opened()
  }

  /** The peer has sent bytes. */
  received(bytes: number): void {
    this.#liveness.received(bytes)
    this.#traffic.bytesReceived(bytes)
  }

  /** All that has arrived was read. `midMessage`: a part of a message or frame is left over. */
  allRead(midMessage: boolean): void {
    if (midMessage) this.#liveness.leftUnfinished()
    else this.#liveness.becameWhole()
  }

  /** Nothing is read until `readingResumed`, because the protocol is behind. */
  protocolBehind(): void {
    this.#liveness.protocolBehind()
  }

  /** Reading has begun again. */
  readingResumed(): void {
    this.#liveness.readingResumed()
  }

  /** Handles a pong; returns false when it does not reply to a ping of our own. */
  pongReceived(payload: Buffer): boolean {
    return this.#liveness.pongReceived(payload)
  }

  /** A whole message was received. `content` is it, or its number of bytes. */
  messageReceived(kind: MessageKind, content: string | Uint8Array | number): void {
    this.#traffic.messageReceived(kind, content)
    this.#liveness.becameWhole()
    this.#liveness.messagePassed()
  }

  /** A part of a message was received. */
  partReceived(part: StreamingEvent): void {
    switch (part.type) {
      case 'message-begin':
        this.#traffic.messageBegun(part.kind)
        break
      case 'message-data':
        this.#traffic.contentReceived(part.data.length)
        this.#liveness.messagePassed()
        break
      case 'frame-end':
        this.#liveness.becameWhole()
        break
      case 'message-end':
        this.#traffic.messageEnded()
        break
      default:
        assertNever(part)
    }
  }

  /** A message was sent or queued. */
  messageSent(kind: MessageKind, content: string | Uint8Array | number): void {
    this.#traffic.messageSent(kind, content)
    this.#liveness.messagePassed()
  }

  /** The connection is gone. */
  connectionLost(): void {
    this.#liveness.stop()
  }

  /** `connectionLost` of the protocol was called. */
  closed(reason: WebSocketClosed): void {
    this.#traffic.closed(reason)
  }
}
