import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { WebSocketError } from '../errors.ts'
import { readClose } from './close-frame.ts'
import { type FrameHeader, isControl, Opcode, type Role, takeFrameHeader } from './frame-header.ts'
import { mask } from './mask.ts'
import { MessageAssembly, type MessageKind } from './message-assembly.ts'
import { decodeText } from './utf8.ts'
import { checkWebSocketLimits, type WebSocketLimits } from './limits.ts'

/** An event of the peer: a whole message, or a control frame, which may arrive between fragments. */
export type MessageEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'bytes'; readonly data: Buffer }
  | { readonly type: 'ping'; readonly payload: Buffer }
  | { readonly type: 'pong'; readonly payload: Buffer }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string }

/** The options of a MessageReader. */
export interface MessageReaderOptions {
  /** Our side: a server reads the frames of a client. */
  readonly role: Role
  readonly limits: WebSocketLimits
}

/**
 * Reads messages (RFC 6455 §5, §6.2) from bytes, one event at a time.
 *
 * A message of one frame that has arrived completely is read at once. Any other is collected as it arrives,
 * and text is checked meanwhile. The bytes in the queue are unmasked in place.
 */
export class MessageReader {
  readonly #role: Role
  readonly #limits: WebSocketLimits
  readonly #maxFrameBytes: number
  #state: State = HEADER
  /** The message that has begun and not ended. Control frames between its fragments leave it unchanged. */
  #message: MessageAssembly | undefined

  /** @throws {TypeError | RangeError} when a limit is neither a whole number of at least 1 nor Infinity. */
  constructor({ role, limits }: MessageReaderOptions) {
    checkWebSocketLimits(limits)
    this.#role = role
    this.#limits = limits
    this.#maxFrameBytes = Math.min(limits.maxFrameBytes, limits.maxMessageBytes)
  }

  /** Bytes of the message that has begun and not ended. */
  get heldBytes(): number {
    return this.#message?.bytes ?? 0
  }

  /**
   * Takes the next event from `input`. Bytes after a close frame are dropped.
   *
   * @returns undefined when `input` does not hold the whole event.
   * @throws {WebSocketError} once, when the peer breaks a rule or a limit; later calls return undefined.
   */
  next(input: ByteQueue): MessageEvent | undefined {
    try {
      return this.#next(input)
    } catch (error) {
      this.#stop()
      throw error
    }
  }

  #next(input: ByteQueue): MessageEvent | undefined {
    for (;;) {
      const state = this.#state
      switch (state.is) {
        case 'header': {
          const header = takeFrameHeader(input, this.#role)
          if (header === undefined) return undefined
          if (isControl(header.opcode)) {
            this.#state = { is: 'control', header }
            break
          }
          this.#checkData(header)
          if (isWholeMessage(header, input)) return messageEvent(kindOf(header), takePayload(input, header))
          this.#state = this.#fragmentBegins(header)
          break
        }
        case 'control': {
          const { header } = state
          if (input.length < header.payloadBytes) return undefined
          this.#state = HEADER
          if (header.opcode === Opcode.close) this.#stop()
          return controlEvent(header.opcode, takePayload(input, header))
        }
        case 'fragment': {
          if (!collect(input, state)) return undefined
          this.#state = HEADER
          if (state.header.fin) return this.#messageEnds(state.message)
          break
        }
        case 'nothing':
          input.clear()
          return undefined
        default:
          return assertNever(state)
      }
    }
  }

  /** Checks the order of frames and our limits, which the header alone does not show. */
  #checkData({ opcode, payloadBytes }: FrameHeader): void {
    const continues = opcode === Opcode.continuation
    if (continues && this.#message === undefined) {
      throw new WebSocketError('unexpected-continuation', 'Cannot continue a message that has not begun')
    }
    if (!continues && this.#message !== undefined) {
      throw new WebSocketError(
        'expected-continuation',
        'Cannot begin a message before the previous one has ended',
      )
    }
    if (payloadBytes > this.#maxFrameBytes) {
      throw new WebSocketError(
        'message-too-large',
        `Cannot accept a frame of ${payloadBytes} bytes: the limit is ${this.#maxFrameBytes}`,
      )
    }
  }

  #fragmentBegins(header: FrameHeader): State {
    const message = this.#message ?? new MessageAssembly(kindOf(header), this.#limits)
    message.fragmentBegins(header.payloadBytes)
    this.#message = message
    return { is: 'fragment', header, message, takenBytes: 0 }
  }

  #messageEnds(message: MessageAssembly): MessageEvent {
    this.#message = undefined
    return messageEvent(message.kind, message.finish())
  }

  #stop(): void {
    this.#state = NOTHING
    this.#message = undefined
  }
}

/** Takes the bytes of a fragment that have arrived; returns false while some are missing. */
function collect(input: ByteQueue, fragment: Fragment): boolean {
  const { payloadBytes, maskKey } = fragment.header
  while (fragment.takenBytes < payloadBytes) {
    const piece = input.takeUpTo(payloadBytes - fragment.takenBytes)
    if (piece === undefined) return false
    mask(piece, maskKey, fragment.takenBytes)
    fragment.takenBytes += piece.length
    fragment.message.add(piece)
  }
  return true
}

/** Takes a payload that has arrived completely. */
function takePayload(input: ByteQueue, { payloadBytes, maskKey }: FrameHeader): Buffer {
  const payload = input.takeExactly(payloadBytes) ?? NO_BYTES
  mask(payload, maskKey, 0)
  return payload
}

function isWholeMessage({ fin, opcode, payloadBytes }: FrameHeader, input: ByteQueue): boolean {
  return fin && opcode !== Opcode.continuation && input.length >= payloadBytes
}

function kindOf({ opcode }: FrameHeader): MessageKind {
  return opcode === Opcode.text ? 'text' : 'bytes'
}

function messageEvent(kind: MessageKind, data: Buffer): MessageEvent {
  return kind === 'text' ? { type: 'text', text: decodeText(data) } : { type: 'bytes', data }
}

function controlEvent(opcode: Opcode, payload: Buffer): MessageEvent {
  if (opcode === Opcode.ping) return { type: 'ping', payload }
  if (opcode === Opcode.pong) return { type: 'pong', payload }
  return { type: 'close', ...readClose(payload) }
}

/** What is read next. Each variant carries its own data. */
type State =
  | { readonly is: 'header' }
  | { readonly is: 'control'; readonly header: FrameHeader }
  | Fragment
  | { readonly is: 'nothing' }

/** A fragment of a message, perhaps its only one, that arrives in pieces. */
interface Fragment {
  readonly is: 'fragment'
  readonly header: FrameHeader
  readonly message: MessageAssembly
  takenBytes: number
}

const HEADER: State = { is: 'header' }
const NOTHING: State = { is: 'nothing' }
const NO_BYTES = Buffer.alloc(0)
