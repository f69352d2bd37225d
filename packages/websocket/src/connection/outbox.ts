import type { PullProducer, PushProducer, Transport } from '@ropewalk/core'
import type { CloseFrame } from '../codec/close-frame.ts'
import type { Role } from '../codec/frame-header.ts'
import { FrameWriter } from '../codec/frame-writer.ts'
import { NODE_PLATFORM } from './node-platform.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import { type FrameVariant, PLAIN } from '../deflate/frame-variant.ts'
import { MAX_AT_ONCE_BYTES, type OutgoingDeflate } from '../deflate/outgoing-deflate.ts'
import { PacedProducer } from './paced-producer.ts'
import type { Prepared } from './prepared-message.ts'
import type { QueueOptions } from './queue-options.ts'
import { SendQueue, type TurnHolder } from './send-queue.ts'
import { DEFAULT_WEBSOCKET_OPTIONS } from './websocket-options.ts'

/**
 * What became of a message:
 *
 * - `sent`: it is on its way, and more may be sent.
 * - `queued`: it is on its way, but others wait before it: await `drained()` before the next.
 * - `dropped`: it will not be sent, because the WebSocket is closing or gone, or too much waits.
 */
export type SendStatus = 'sent' | 'queued' | 'dropped'

/** The part of a channel that an Outbox uses. */
export interface OutboxOwner {
  readonly transport: Transport
  /** Whether messages can be sent. */
  readonly open: boolean
  /** More waits than `maxQueuedBytes`, and `whenFull` is `close`. The messages that waited are dropped. */
  outboxFull(): void
  /** Makes a call into a producer, and does not throw what it throws. */
  callProducer(call: () => unknown): void
}

/** The options of an Outbox. */
export interface OutboxOptions extends QueueOptions {
  /** Longest wait for the next frame of a message in parts, once a close frame waits after it. */
  readonly closeTimeoutMs: number
}

/**
 * Sends the messages and control frames of one WebSocket.
 *
 * A message is written to the transport at once while that has room. Else it waits in a SendQueue, so that
 * control frames overtake it, and so that messages can be dropped whole.
 */
export class Outbox {
  readonly #owner: OutboxOwner
  /** Undefined for a client: each of its frames has a masking key of its own (RFC 6455 §5.3). */
  readonly #variant: FrameVariant | undefined
  readonly #options: OutboxOptions
  readonly #writer: FrameWriter
  readonly #deflate: OutgoingDeflate | undefined
  /** Made when something first waits: most connections need none. */
  #queue: SendQueue | undefined
  #producer: PacedProducer | undefined
  #idleWaiters: (() => void)[] | undefined
  #stopped = false

  /** @param deflate Undefined: no message is compressed. */
  constructor(
    role: Role,
    owner: OutboxOwner,
    options: OutboxOptions = DEFAULT_WEBSOCKET_OPTIONS,
    deflate?: OutgoingDeflate,
  ) {
    this.#owner = owner
    this.#variant = role === 'server' ? (deflate?.variant ?? PLAIN) : undefined
    this.#deflate = deflate
    this.#options = options
    this.#writer =
      role === 'server'
        ? SERVER_WRITER
        : new FrameWriter({
            role,
            platform: NODE_PLATFORM,
            randomBytes: (count) => owner.transport.reactor.randomBytes(count),
          })
  }

  /** Bytes that wait here and in the transport. */
  get bufferedBytes(): number {
    return this.#owner.transport.bufferedBytes + (this.#queue?.bytes ?? 0)
  }

  /** Whether a message waits, or the transport has no room. */
  get busy(): boolean {
    return this.#queue?.idle === false
  }

  /**
   * Sends a text message: a string, or bytes that are UTF-8.
   *
   * @param compress Undefined: that depends on its size.
   */
  sendText(text: string | Uint8Array, compress?: boolean): SendStatus {
    if (!this.#owner.open) return 'dropped'
    if (this.#deflates(text, compress)) return this.#sendDeflated('text', asBytes(text))
    if (this.#isDirect(text.length)) return this.#statusOf(this.#writer.text(text, this.#owner.transport))
    return this.#wait('text', asBytes(text), false)
  }

  /** Sends a binary message; the caller must not change the bytes afterwards. */
  sendBytes(data: Uint8Array, compress?: boolean): SendStatus {
    if (!this.#owner.open) return 'dropped'
    if (this.#deflates(data, compress)) return this.#sendDeflated('bytes', data)
    if (this.#isDirect(data.length)) return this.#statusOf(this.#writer.bytes(data, this.#owner.transport))
    return this.#wait('bytes', data, false)
  }

  /**
   * Sends a message when its turn comes.
   *
   * @returns a promise of whether it was sent, when more may be sent.
   */
  async sendPatiently(
    kind: MessageKind,
    payload: string | Uint8Array,
    compressed?: boolean,
  ): Promise<boolean> {
    if (!this.#owner.open) return false
    const compress = this.#deflates(payload, compressed)
    if (this.#isDirect(payload.length) && !(compress && payload.length > MAX_AT_ONCE_BYTES / 3)) {
      const status =
        kind === 'text' ? this.sendText(payload, compress) : this.sendBytes(asBytes(payload), compress)
      return status === 'sent' || (await this.#writtenOut(status !== 'dropped'))
    }
    if (this.#waiting.patientBytes > Math.max(this.#options.maxQueuedBytes, MIN_PATIENT_BYTES)) {
      this.#overflow()
      return false
    }
    const written = await new Promise<boolean>((resolve) =>
      this.#waiting.push({ kind, payload: asBytes(payload), compress }, resolve),
    )
    return this.#writtenOut(written)
  }

  /** Lets a message in parts take its turn after all messages sent before. Only while messages can be sent. */
  takeTurn(holder: TurnHolder): void {
    this.#waiting.pushTurn(holder)
  }

  /** Sends prepared messages. */
  sendPrepared(prepared: Prepared): SendStatus {
    if (!this.#owner.open) return 'dropped'
    if (this.#variant === undefined) return this.#sendEach(prepared)
    const { bytes, compressed } = prepared.frames(this.#variant)
    if (this.#isDirect(0)) {
      if (compressed) this.#deflate?.forget()
      return this.#statusOf(this.#owner.transport.write(bytes))
    }
    if (!this.#admits()) return 'dropped'
    this.#waiting.pushFrames(bytes, compressed)
    return this.#statusOfWaiting()
  }

  /**
   * Sends a ping.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   */
  sendPing(payload: Uint8Array): SendStatus {
    if (!this.#owner.open) return 'dropped'
    return this.#statusOf(this.#writer.ping(payload, this.#owner.transport))
  }

  /** Sends a pong. Only while messages can be sent. */
  sendPong(payload: Uint8Array): void {
    this.#statusOf(this.#writer.pong(payload, this.#owner.transport))
  }

  /**
   * Sends a close frame after the messages sent before: nothing may be sent afterwards. A message in parts has
   * `closeTimeoutMs` for each next frame.
   *
   * @param before Called before the frame is written: the write may call a producer, which must not find the
   *   WebSocket open. It is not called when the frame cannot be sent.
   * @throws {RangeError} for a code or reason that cannot be sent.
   */
  sendClose(frame: CloseFrame, before: () => void): void {
    this.#writer.close(frame, {
      write: (bytes) => {
        before()
        const queue = this.#queue
        if (queue === undefined) return this.#statusOf(this.#owner.transport.write(bytes)) === 'sent'
        if (queue.hasTurns) queue.pushClose(bytes)
        else queue.finish(bytes)
        return queue.idle
      },
    })
  }

  /** Passes everything that is ready to the transport, and drops the rest: the connection closes now. */
  finish(): void {
    this.#queue?.finish()
  }

  /** Drops everything: the connection is gone. */
  stop(): void {
    this.#stopped = true
    this.#queue?.drop()
    this.#wake()
  }

  /** Resolves with true when nothing waits and the transport has room, with false when it is closing or gone. */
  async drained(): Promise<boolean> {
    const { transport } = this.#owner
    for (;;) {
      // The connection may have ended between the drain and this microtask: no call of `idle` follows.
      if (!(await transport.drained()) || this.#stopped) return false
      // A message in parts may wait for its source while the transport has room.
      if (!this.busy) return true
      await new Promise<void>((resolve) => (this.#idleWaiters ??= []).push(resolve))
    }
  }

  /** Lets `producer` write as fast as the transport sends, until it is unregistered or stopped. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    const { transport } = this.#owner
    const paced = new PacedProducer(producer, streaming, {
      idle: () => !this.busy,
      call: (call) => this.#owner.callProducer(call),
      stopped: () => (this.#producer = undefined),
    })
    if (streaming) transport.registerProducer(paced, true)
    else transport.registerProducer(paced, false)
    this.#producer = transport.disconnecting ? undefined : paced
    if (this.busy) paced.full()
  }

  /** Unregisters the producer, without a call to it. */
  unregisterProducer(): void {
    this.#producer = undefined
    this.#owner.transport.unregisterProducer()
  }

  get #waiting(): SendQueue {
    this.#queue ??= new SendQueue({
      transport: this.#owner.transport,
      writer: this.#writer,
      deflate: this.#deflate,
      closeTimeoutMs: this.#options.closeTimeoutMs,
      full: () => this.#producer?.full(),
      idle: () => {
        this.#producer?.idle()
        this.#wake()
      },
    })
    return this.#queue
  }

  /** Whether a message may be written at once, as one frame. */
  #isDirect(length: number): boolean {
    if (this.#queue?.idle === false) return false
    return length <= MAX_DIRECT_LENGTH && this.#owner.transport.bufferedBytes <= this.#options.maxQueuedBytes
  }

  #sendEach({ messages }: Prepared): SendStatus {
    let status: SendStatus = 'sent'
    for (const { kind, data, compress } of messages)
      status = kind === 'text' ? this.sendText(data, compress) : this.sendBytes(data, compress)
    return status
  }

  #deflates(payload: string | Uint8Array, compress: boolean | undefined): boolean {
    return this.#deflate !== undefined && this.#deflate.wants(payload, compress)
  }

  #sendDeflated(kind: MessageKind, payload: Uint8Array): SendStatus {
    const deflate = this.#deflate
    if (deflate === undefined || payload.length > MAX_AT_ONCE_BYTES || !this.#isDirect(payload.length))
      return this.#wait(kind, payload, true)
    const deflated = deflate.deflate(payload)
    const { transport } = this.#owner
    if (deflated === undefined)
      return this.#statusOf(this.#writer.message(kind, payload, NOT_COMPRESSED, transport))
    return this.#statusOf(this.#writer.message(kind, deflated, COMPRESSED, transport))
  }

  #wait(kind: MessageKind, payload: Uint8Array, compress: boolean): SendStatus {
    if (!this.#admits()) return 'dropped'
    this.#waiting.push({ kind, payload, compress })
    return this.#statusOfWaiting()
  }

  /** The bytes of the new message do not count, so that a large one does not fail on its own. */
  #admits(): boolean {
    if (!this.#isFull()) return true
    if (this.#options.whenFull === 'close') this.#overflow()
    if (this.#options.whenFull !== 'drop-oldest') return false
    while (this.#queue?.dropOldest() === true) if (!this.#isFull()) return true
    return false
  }

  #isFull(): boolean {
    return this.#owner.transport.bufferedBytes + (this.#queue?.charge ?? 0) > this.#options.maxQueuedBytes
  }

  #overflow(): void {
    this.#queue?.drop()
    this.#owner.outboxFull()
  }

  /** @returns whether the message was written, when the transport has room again. */
  async #writtenOut(written: boolean): Promise<boolean> {
    if (written) await this.#owner.transport.drained()
    return written
  }

  #statusOf(room: boolean): SendStatus {
    if (room) return 'sent'
    this.#waiting.full()
    return 'queued'
  }

  #statusOfWaiting(): SendStatus {
    return this.busy ? 'queued' : 'sent'
  }

  #wake(): void {
    const waiters = this.#idleWaiters
    if (waiters === undefined) return
    this.#idleWaiters = undefined
    for (const resolve of waiters) resolve()
  }
}

function asBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data
}

/** A longer message leaves in fragments, so that control frames need not wait for all of it. */
const MAX_DIRECT_LENGTH = 1_048_576
const MIN_PATIENT_BYTES = 16_777_216
const NOT_COMPRESSED = { compressed: false }
const COMPRESSED = { compressed: true }
/** A server's writer keeps nothing: all connections share it. */
const SERVER_WRITER = new FrameWriter({ role: 'server', platform: NODE_PLATFORM })
