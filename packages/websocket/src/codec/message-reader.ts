import { WebSocketError } from '../errors.ts'
import type { ByteInput } from './byte-input.ts'
import { readClose } from './close-frame.ts'
import { type MessageInflater, mostCompressedBytes } from './compression.ts'
import { type FrameHeader, isControl, Opcode, type Role, takeFrameHeader } from './frame-header.ts'
import { Inflation } from './inflation.ts'
import { turnKey } from './mask.ts'
import { MessageAssembly, type MessageKind } from './message-assembly.ts'
import { MessageSize } from './message-size.ts'
import { type CodecPlatform, WEB_PLATFORM } from './platform.ts'
import { StreamedMessage } from './streamed-message.ts'
import { checkText, decodeText } from './utf8.ts'
import { checkWebSocketLimits, DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from './limits.ts'

/** An event of the peer: a whole message, or a control frame, which may arrive between fragments. */
export type MessageEvent<Bytes extends Uint8Array = Uint8Array> =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'bytes'; readonly data: Bytes }
  | { readonly type: 'ping'; readonly payload: Bytes }
  | { readonly type: 'pong'; readonly payload: Bytes }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string }

/** A whole text message, with `rawText`: its bytes are UTF-8. */
export interface RawTextEvent<Bytes extends Uint8Array = Uint8Array> {
  readonly type: 'raw-text'
  readonly data: Bytes
}

/**
 * A part of a message, with `streaming`. Each message is `message-begin`, then `message-data` as its bytes
 * arrive and a `frame-end` after each frame, then `message-end`. Control frames may come anywhere in between.
 */
export type StreamingEvent<Bytes extends Uint8Array = Uint8Array> =
  | { readonly type: 'message-begin'; readonly kind: MessageKind }
  /** At least one byte. A piece of text may begin and end within a character. */
  | { readonly type: 'message-data'; readonly data: Bytes }
  | { readonly type: 'frame-end' }
  | { readonly type: 'message-end' }

/** Everything that a MessageReader returns. */
export type ReaderEvent<Bytes extends Uint8Array = Uint8Array> =
  | MessageEvent<Bytes>
  | RawTextEvent<Bytes>
  | StreamingEvent<Bytes>

/** The options of a MessageReader. */
export interface MessageReaderOptions<Bytes extends Uint8Array = Uint8Array> {
  /** Our side: a server reads the frames of a client. */
  readonly role: Role
  /** Default `DEFAULT_WEBSOCKET_LIMITS`. */
  readonly limits?: WebSocketLimits | undefined
  /** Inflates compressed messages. Without it a compressed message is refused. */
  readonly inflater?: MessageInflater | undefined
  /** Returns messages in parts, as StreamingEvents. Default false. */
  readonly streaming?: boolean | undefined
  /** Returns a whole text message as a RawTextEvent. Default false. */
  readonly rawText?: boolean | undefined
  /** Default `WEB_PLATFORM`, with which events contain what the input returns. */
  readonly platform?: CodecPlatform<Bytes> | undefined
}

/**
 * Reads messages (RFC 6455 §5, §6.2) from bytes, one event at a time.
 *
 * A message of one frame that has arrived completely is read at once. Any other is collected as it arrives,
 * and text is checked meanwhile. The bytes in the queue are unmasked in place.
 */
export class MessageReader<Bytes extends Uint8Array = Uint8Array> {
  readonly #role: Role
  readonly #maxFrameBytes: number
  readonly #maxMessageBytes: number
  readonly #inflater: MessageInflater | undefined
  readonly #streaming: boolean
  readonly #rawText: boolean
  readonly #platform: CodecPlatform<Bytes>
  #state: State<Bytes> = HEADER
  #headerBegun = false
  #unfinished = false
  /** The message that has begun and not ended. Control frames between its fragments leave it unchanged. */
  #message: MessageAssembly<Bytes> | StreamedMessage | undefined
  /** The first frame that exceeded a limit, if the rest of its message can be skipped. */
  #refused: FrameHeader | undefined
  /** Whether the next continuation belongs to a message that is skipped. */
  #skipping = false

  /** @throws {TypeError | RangeError} when a limit is neither a whole number of at least 1 nor Infinity. */
  constructor(options: MessageReaderOptions<Bytes>) {
    const { role, limits = DEFAULT_WEBSOCKET_LIMITS, inflater, streaming = false, rawText = false } = options
    checkWebSocketLimits(limits)
    this.#role = role
    this.#maxFrameBytes = limits.maxFrameBytes
    this.#maxMessageBytes = limits.maxMessageBytes
    this.#inflater = inflater
    this.#streaming = streaming
    this.#rawText = rawText
    // The events of the default have the type of the input, which is a Uint8Array at least.
    this.#platform = options.platform ?? (WEB_PLATFORM as CodecPlatform<Bytes>)
  }

  /**
   * Whether the last call of `next` left a frame that has begun and has not arrived completely: a part of its
   * header, or its header and a part of its payload.
   */
  get midFrame(): boolean {
    const { is } = this.#state
    return this.#headerBegun || is === 'control' || is === 'fragment' || is === 'streamed'
  }

  /** Whether the next byte begins a frame: without one, `next` returns undefined. */
  get betweenFrames(): boolean {
    return this.#state.is === 'header'
  }

  /** Bytes of the message that has begun and not ended. It is 0 with `streaming`: nothing is collected. */
  get heldBytes(): number {
    if (this.#state.is === 'inflating') return this.#state.inflation.bytes
    return this.#message instanceof MessageAssembly ? this.#message.bytes : 0
  }

  /**
   * Whether a frame, or a message that is collected until it is whole, has begun and has not arrived completely. As
   * `midFrame`, it describes what the last call of `next` left.
   */
  get midMessage(): boolean {
    const { is } = this.#state
    return this.midFrame || this.#skipping || is === 'skip' || this.#message instanceof MessageAssembly
  }

  /**
   * After an error of the kind `message-too-large`: reads on, and drops that message as it arrives.
   *
   * @returns false when that is impossible, because the message was compressed, or a part of it was returned.
   */
  skipMessage(): boolean {
    const header = this.#refused
    if (this.#state.is !== 'nothing' || header === undefined) return false
    this.#refused = undefined
    this.#state = skipOf(header)
    return true
  }

  /**
   * Whether the last call of `next` returned undefined although it could go on, because the inflater has more
   * of a large message: call it again in a later turn.
   */
  get unfinished(): boolean {
    return this.#unfinished
  }

  /**
   * Takes the next event from `input`. Bytes after a close frame are dropped.
   *
   * @returns undefined when `input` does not hold the whole event.
   * @throws {WebSocketError} once, when the peer breaks a rule or a limit; later calls return undefined.
   */
  next(input: ByteInput<Bytes>): ReaderEvent<Bytes> | undefined {
    const resumed = this.#unfinished
    this.#unfinished = false
    try {
      return this.#next(input, resumed)
    } catch (error) {
      this.#stop()
      throw error
    }
  }

  #next(input: ByteInput<Bytes>, resumed: boolean): ReaderEvent<Bytes> | undefined {
    for (;;) {
      const state = this.#state
      switch (state.is) {
        case 'header': {
          const header = takeFrameHeader(input, this.#role, this.#inflater !== undefined)
          this.#headerBegun = header === undefined && input.length > 0
          if (header === undefined) return undefined
          if (this.#isAside(header)) break
          this.#checkData(header)
          if (!this.#streaming && isWholeMessage(header, input)) {
            return this.#wholeMessage(kindOf(header), header.compressed, this.#takePayload(input, header))
          }
          const begins = this.#message === undefined
          this.#state = this.#fragmentBegins(header)
          if (this.#streaming && begins) return { type: 'message-begin', kind: kindOf(header) }
          break
        }
        case 'control': {
          const { header } = state
          if (input.length < header.payloadBytes) return undefined
          this.#state = HEADER
          if (header.opcode === Opcode.close) this.#stop()
          return controlEvent(header.opcode, this.#takePayload(input, header))
        }
        case 'fragment': {
          if (!collect(input, state)) return undefined
          this.#state = HEADER
          if (state.header.fin) return this.#messageEnds(state.message)
          break
        }
        case 'inflating': {
          if (!state.inflation.step()) return this.#later()
          this.#state = HEADER
          return this.#messageEvent(state.kind, this.#platform.asBytes(state.inflation.finish()))
        }
        case 'streamed': {
          if (state.message.more && !resumed) return this.#later()
          const event = this.#stream(input, state)
          if (event?.type === 'frame-end') this.#state = state.header.fin ? MESSAGE_END : HEADER
          return event
        }
        case 'message-end':
          this.#state = HEADER
          this.#message = undefined
          return { type: 'message-end' }
        case 'skip':
          if (!this.#skip(input, state)) return undefined
          break
        case 'nothing':
          input.clear()
          return undefined
        default:
          return state satisfies never
      }
    }
  }

  /** Begins a control frame, or one that continues a message that is skipped; returns false for any other. */
  #isAside(header: FrameHeader): boolean {
    if (isControl(header.opcode)) this.#state = { is: 'control', header }
    else if (this.#skipping && header.opcode === Opcode.continuation) this.#state = skipOf(header)
    else return false
    return true
  }

  /** Drops the bytes of a frame that have arrived; returns false while some are missing. */
  #skip(input: ByteInput<Bytes>, frame: SkippedFrame): boolean {
    while (frame.leftBytes > 0) {
      const piece = input.takeUpTo(frame.leftBytes)
      if (piece === undefined) return false
      frame.leftBytes -= piece.length
    }
    this.#state = HEADER
    this.#skipping = !frame.header.fin
    return true
  }

  /** Checks the order of frames and our limits, which the header alone does not show. */
  #checkData(header: FrameHeader): void {
    const { opcode, compressed, payloadBytes } = header
    const continues = opcode === Opcode.continuation
    if (continues && this.#message === undefined) {
      throw new WebSocketError('unexpected-continuation', 'Cannot continue a message that has not begun')
    }
    if (!continues && (this.#message !== undefined || this.#skipping)) {
      throw new WebSocketError(
        'expected-continuation',
        'Cannot begin a message before the previous one has ended',
      )
    }
    const most = Math.min(this.#maxFrameBytes, this.#mostBytes(this.#message?.compressed ?? compressed))
    if (payloadBytes > most) {
      this.#refuse(header)
      throw new WebSocketError(
        'message-too-large',
        `Cannot accept a frame of ${payloadBytes} bytes: the limit is ${most}`,
      )
    }
  }

  /** Most bytes that the frames of a message may have. The limit itself is one of inflated bytes. */
  #mostBytes(compressed: boolean): number {
    return compressed ? mostCompressedBytes(this.#maxMessageBytes) : this.#maxMessageBytes
  }

  #fragmentBegins(header: FrameHeader): State<Bytes> {
    const message = this.#message ?? this.#messageBegins(header)
    try {
      message.fragmentBegins(header.payloadBytes)
    } catch (error) {
      this.#refuse(header)
      throw error
    }
    this.#message = message
    if (message instanceof MessageAssembly) return { is: 'fragment', header, message, takenBytes: 0 }
    return { is: 'streamed', header, message, takenBytes: 0, over: false }
  }

  #messageBegins(header: FrameHeader): MessageAssembly<Bytes> | StreamedMessage {
    const { compressed } = header
    const size = new MessageSize(this.#mostBytes(compressed))
    if (!this.#streaming) return new MessageAssembly(kindOf(header), size, compressed, this.#platform)
    const inflater = compressed ? this.#inflater : undefined
    return new StreamedMessage(kindOf(header), size, inflater, this.#maxMessageBytes, this.#platform.isUTF8)
  }

  #messageEnds(message: MessageAssembly<Bytes>): ReaderEvent<Bytes> | undefined {
    this.#message = undefined
    return this.#wholeMessage(message.kind, message.compressed, message.finish())
  }

  /** @returns undefined when the inflater has more of it. */
  #wholeMessage(kind: MessageKind, compressed: boolean, payload: Bytes): ReaderEvent<Bytes> | undefined {
    const inflater = this.#inflater
    if (!compressed || inflater === undefined) return this.#messageEvent(kind, payload)
    const inflated = inflater.inflate(payload, true, this.#maxMessageBytes)
    if (inflater.more === true) {
      const inflation = new Inflation(inflater, inflated, this.#maxMessageBytes)
      this.#state = { is: 'inflating', kind, inflation }
      return this.#later()
    }
    const decoded = kind === 'text' && !this.#rawText
    return this.#messageEvent(kind, this.#platform.asBytes(decoded ? inflated : unshared(inflated)))
  }

  #messageEvent(kind: MessageKind, data: Bytes): ReaderEvent<Bytes> {
    if (kind === 'bytes') return { type: 'bytes', data }
    if (!this.#rawText) return { type: 'text', text: decodeText(data) }
    checkText(data, this.#platform.isUTF8)
    return { type: 'raw-text', data }
  }

  /** Takes a payload that has arrived completely. */
  #takePayload(input: ByteInput<Bytes>, { payloadBytes, maskKey }: FrameHeader): Bytes {
    const payload = input.takeExactly(payloadBytes) ?? this.#platform.allocate(0)
    this.#platform.mask(payload, maskKey)
    return payload
  }

  /** Returns the next bytes of a frame, or its end; undefined when it needs more bytes. */
  #stream(input: ByteInput<Bytes>, frame: StreamedFrame): StreamingEvent<Bytes> | undefined {
    const { payloadBytes, maskKey, fin } = frame.header
    const { mask, allocate, asBytes } = this.#platform
    while (!frame.over || frame.message.more) {
      const leftBytes = payloadBytes - frame.takenBytes
      const piece = leftBytes === 0 || frame.message.more ? allocate(0) : input.takeUpTo(leftBytes)
      if (piece === undefined) return undefined
      mask(piece, turnKey(maskKey, frame.takenBytes))
      frame.takenBytes += piece.length
      frame.over = frame.takenBytes === payloadBytes
      const data = frame.message.add(piece, fin && frame.over)
      if (data.length > 0)
        return { type: 'message-data', data: asBytes(data === piece ? data : unshared(data)) }
    }
    return { type: 'frame-end' }
  }

  #later(): undefined {
    this.#unfinished = true
  }

  /** A compressed message must be inflated, because later ones refer to it; a streamed one has begun already. */
  #refuse(header: FrameHeader): void {
    const compressed = this.#message?.compressed ?? header.compressed
    if (!compressed && !(this.#message instanceof StreamedMessage)) this.#refused = header
  }

  #stop(): void {
    this.#state = NOTHING
    this.#headerBegun = false
    this.#message = undefined
  }
}

/** Takes the bytes of a fragment that have arrived; returns false while some are missing. */
function collect<Bytes extends Uint8Array>(input: ByteInput<Bytes>, fragment: Fragment<Bytes>): boolean {
  const { payloadBytes, maskKey, fin } = fragment.header
  while (fragment.takenBytes < payloadBytes) {
    const leftBytes = payloadBytes - fragment.takenBytes
    const piece = input.takeUpTo(leftBytes)
    if (piece === undefined) return false
    fragment.message.add(piece, turnKey(maskKey, fragment.takenBytes), fin ? leftBytes : 0)
    fragment.takenBytes += piece.length
  }
  return true
}

function skipOf(header: FrameHeader): SkippedFrame {
  return { is: 'skip', header, leftBytes: header.payloadBytes }
}

function isWholeMessage({ fin, opcode, payloadBytes }: FrameHeader, input: ByteInput): boolean {
  return fin && opcode !== Opcode.continuation && input.length >= payloadBytes
}

function kindOf({ opcode }: FrameHeader): MessageKind {
  return opcode === Opcode.text ? 'text' : 'bytes'
}

function controlEvent<Bytes extends Uint8Array>(opcode: Opcode, payload: Bytes): MessageEvent<Bytes> {
  if (opcode === Opcode.ping) return { type: 'ping', payload }
  if (opcode === Opcode.pong) return { type: 'pong', payload }
  return { type: 'close', ...readClose(payload) }
}

/** Copies a small piece of much memory, because an application may keep the piece. */
function unshared(data: Uint8Array): Uint8Array {
  return data.buffer.byteLength > 2 * data.length ? new Uint8Array(data) : data
}

/** What is read next. Each variant carries its own data. */
type State<Bytes extends Uint8Array> =
  | { readonly is: 'header' }
  | { readonly is: 'control'; readonly header: FrameHeader }
  | Fragment<Bytes>
  | StreamedFrame
  | { readonly is: 'inflating'; readonly kind: MessageKind; readonly inflation: Inflation }
  | { readonly is: 'message-end' }
  | SkippedFrame
  | { readonly is: 'nothing' }

/** A fragment of a message, perhaps its only one, that arrives in pieces. */
interface Fragment<Bytes extends Uint8Array> {
  readonly is: 'fragment'
  readonly header: FrameHeader
  readonly message: MessageAssembly<Bytes>
  takenBytes: number
}

/** A frame whose bytes are passed on as they arrive. */
interface StreamedFrame {
  readonly is: 'streamed'
  readonly header: FrameHeader
  readonly message: StreamedMessage
  takenBytes: number
  /** Whether all its bytes have been passed on. */
  over: boolean
}

/** A frame of a message that was refused. */
interface SkippedFrame {
  readonly is: 'skip'
  readonly header: FrameHeader
  leftBytes: number
}

const HEADER = { is: 'header' } as const
const MESSAGE_END = { is: 'message-end' } as const
const NOTHING = { is: 'nothing' } as const
